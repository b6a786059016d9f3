import * as contracts from '@oio/contracts';
import {
  type Contract,
  type EventContract,
  type RequestContract,
  type SessionCommandName,
  sessionCommands,
  sessionEvents,
} from '@oio/contracts';
import { ConflictError } from '@oio/errors';
import type { Bus } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import { newId } from '@oio/runtime';
import { z } from 'zod';

/**
 * Sends a message again, from its bytes as they were on the bus. Throws `ConflictError` code `not_replayable` for one that no
 * service of this version would understand, and what the service that gets it throws.
 */
export type Replay = (subject: string, body: string) => Promise<void>;

/**
 * Messages go where they belong now: a command to the present owner of its session, an event to everybody who listens, under
 * an id of its own, since the bus may know the old one. Both are safe to repeat.
 */
export function createReplay(bus: Bus, router: Pick<SessionRouter, 'send'>): Replay {
  return async (subject, body) => {
    const { contract, address } = contractOf(subject);
    if (contract.kind === 'event') await publishAgain(bus, contract, body);
    else await requestAgain({ bus, router }, contract, { body, address });
  };
}

const eventForm = z.object({ v: z.literal(1), id: z.string(), payload: z.unknown() });
const requestForm = z.object({
  v: z.literal(1),
  envelope: z.object({
    id: z.string(),
    correlationId: z.string(),
    causationId: z.string().nullable(),
    tenant: z.string(),
    principal: z.string(),
    sessionId: z.string().nullable(),
  }),
  payload: z.unknown(),
});

async function publishAgain(bus: Bus, contract: EventContract, body: string): Promise<void> {
  const { id, payload } = parse(eventForm, body);
  assertValid(contract, payload);
  await bus.publish(contract, payload, { id: `${id}:${newId()}` });
}

async function requestAgain(
  { bus, router }: { readonly bus: Bus; readonly router: Pick<SessionRouter, 'send'> },
  contract: RequestContract,
  { body, address }: { readonly body: string; readonly address: string | null },
): Promise<void> {
  const { envelope, payload } = parse(requestForm, body);
  const { sessionId } = envelope;
  const command = COMMAND_OF.get(contract.subject);
  assertValid(contract, payload);
  if (command && sessionId !== null) await router.send(command, payload as never, { ...envelope, sessionId });
  else await bus.request(contract, payload, envelope, address === null ? {} : { to: address });
}

const COMMAND_OF: ReadonlyMap<string, SessionCommandName> = new Map(
  Object.entries(sessionCommands).map(([name, { subject }]) => [subject, name as SessionCommandName]),
);

const EVERYTHING: readonly unknown[] = [
  ...Object.values(sessionCommands),
  ...Object.values(sessionEvents),
  ...Object.values(contracts),
];
const CONTRACTS: ReadonlyMap<string, Contract> = new Map(
  EVERYTHING.filter(isContract).map((contract) => [contract.subject, contract]),
);

/** What a subject stands for; before it there may be the address of the one that was meant. */
function contractOf(subject: string): {
  readonly contract: EventContract | RequestContract;
  readonly address: string | null;
} {
  const [role, id, ...rest] = subject.split('.');
  const whole = CONTRACTS.get(subject);
  const contract = whole ?? CONTRACTS.get(rest.join('.'));
  if (!contract || contract.kind === 'live')
    throw notReplayable(`Nothing that is sent to "${subject}" is kept by anybody.`);
  return { contract, address: whole ? null : `${role}.${id}` };
}

function isContract(value: unknown): value is Contract {
  return typeof value === 'object' && value !== null && 'kind' in value && 'subject' in value && 'payload' in value;
}

function parse<S extends z.ZodType>(form: S, body: string): z.output<S> {
  const parsed = form.safeParse(jsonIn(body));
  if (parsed.success) return parsed.data;
  throw notReplayable('It is not a message in the form that the services of this version use.');
}

function jsonIn(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** What broke its contract when it came may be valid by now, after an upgrade. */
function assertValid(contract: Contract, payload: unknown): void {
  const { error } = contract.payload.safeParse(payload);
  if (!error) return;
  const [issue] = error.issues;
  throw notReplayable(`Its content breaks the contract: ${issue?.path.join('.')}: ${issue?.message}`);
}

function notReplayable(message: string): ConflictError {
  return new ConflictError(message, { code: 'not_replayable' });
}
