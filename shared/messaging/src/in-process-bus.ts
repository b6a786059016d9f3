import {
  type Contract,
  type EventContract,
  type LiveContract,
  type RequestContract,
  violationsOf,
} from '@oio/contracts';
import { fromWireError, InvalidError, TimeoutError, toWireError, UnavailableError } from '@oio/errors';
import type { Bus, Handler, SubscribeOptions } from './bus.ts';
import { Delivery } from './in-process-delivery.ts';
import { subjectFor } from './subject.ts';

const DEFAULT_TIMEOUT_MS = 10_000;

export interface InProcessBusOptions {
  /** Told of every handler that threw something unexpected; the caller only learns `internal`. */
  readonly onBug?: (error: unknown, subject: string) => void;
}

/** The bus inside one process: the same promises as NATS, without the wire. */
export function createInProcessBus({ onBug = () => {} }: InProcessBusOptions = {}): Bus {
  const servers = new Map<string, Handler<RequestContract>[]>();
  const deliveries = new Map<string, Set<Delivery>>();
  const inFlight = new Set<Promise<unknown>>();
  let turn = 0;

  const serverFor = (subject: string): Handler<RequestContract> => {
    const members = servers.get(subject);
    if (!members || members.length === 0) {
      throw new UnavailableError(`Nobody answers "${subject}" at the moment.`, { code: 'no_responders' });
    }
    turn = (turn + 1) % 1_000_000;
    return members[turn % members.length] as Handler<RequestContract>;
  };

  const deliver = (contract: EventContract | LiveContract, payload: unknown): Promise<void>[] => {
    const listeners = deliveries.get(contract.subject);
    if (!listeners || listeners.size === 0) return [];
    const parsed = parse(contract, payload);
    return [...onePerGroup(listeners)].map((delivery) => delivery.push(parsed));
  };

  return {
    async request(contract, payload, envelope, { to, timeoutMs = DEFAULT_TIMEOUT_MS } = {}) {
      const subject = subjectFor(contract, to);
      const handler = serverFor(subject);
      const parsed = parse(contract, payload);
      const answer = invoke(() => handler({ payload: parsed, envelope }), subject, onBug);
      inFlight.add(answer);
      answer.finally(() => inFlight.delete(answer)).catch(() => {});
      return (await within(answer, timeoutMs, subject)) as never;
    },
    async serve(contract, handler, { at } = {}) {
      const subject = subjectFor(contract, at);
      const member = handler as Handler<RequestContract>;
      servers.set(subject, [...(servers.get(subject) ?? []), member]);
      return async () => {
        servers.set(
          subject,
          (servers.get(subject) ?? []).filter((other) => other !== member),
        );
      };
    },
    async publish(contract, payload) {
      await Promise.all(deliver(contract, payload));
    },
    announce(contract, payload) {
      deliver(contract, payload);
    },
    async subscribe(contracts, options) {
      const delivery = new Delivery(
        options as SubscribeOptions<unknown>,
        contracts.some(({ kind }) => kind === 'live') ? 'drop' : 'wait',
        onBug,
      );
      for (const { subject } of contracts)
        deliveries.set(subject, (deliveries.get(subject) ?? new Set()).add(delivery));
      return async () => {
        for (const { subject } of contracts) deliveries.get(subject)?.delete(delivery);
        await delivery.end();
      };
    },
    async [Symbol.asyncDispose]() {
      servers.clear();
      await Promise.allSettled(inFlight);
      await Promise.all([...deliveries.values()].flatMap((set) => [...set]).map((delivery) => delivery.end()));
      deliveries.clear();
    },
  };
}

function parse(contract: Contract, payload: unknown): unknown {
  const result = contract.payload.safeParse(payload);
  if (result.success) return result.data;
  throw new InvalidError(`The payload of "${contract.subject}" is not valid.`, {
    violations: violationsOf(result.error),
  });
}

/** What crosses is an error of the catalogue; a bug is told to the log here and hidden from the caller. */
async function invoke(
  handle: () => Promise<unknown>,
  subject: string,
  onBug: (error: unknown, subject: string) => void,
): Promise<unknown> {
  try {
    return await handle();
  } catch (thrown) {
    const wire = toWireError(thrown);
    if (wire.kind === 'internal') onBug(thrown, subject);
    throw fromWireError(wire);
  }
}

async function within(answer: Promise<unknown>, timeoutMs: number, subject: string): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`No answer to "${subject}" within ${timeoutMs} ms.`)), timeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** All that stand alone, and of each group the one with the shortest queue. */
function onePerGroup(deliveries: ReadonlySet<Delivery>): Set<Delivery> {
  const chosen = new Set<Delivery>();
  const ofGroup = new Map<string, Delivery>();
  for (const delivery of deliveries) {
    if (delivery.group === undefined) chosen.add(delivery);
    else if ((ofGroup.get(delivery.group)?.backlog ?? Number.POSITIVE_INFINITY) > delivery.backlog)
      ofGroup.set(delivery.group, delivery);
  }
  for (const delivery of ofGroup.values()) chosen.add(delivery);
  return chosen;
}
