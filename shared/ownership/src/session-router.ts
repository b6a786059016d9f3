import { setTimeout as pause } from 'node:timers/promises';
import { type CommandReply, type SessionCommandName, sessionCommands } from '@oio/contracts';
import { AppError, ConflictError, TimeoutError, UnavailableError } from '@oio/errors';
import type { Bus, Envelope } from '@oio/messaging';
import type { z } from 'zod';
import { KnownOwners } from './known-owners.ts';
import type { OwnerDirectory } from './owner-directory.ts';

/** How many workers a command is tried on, and the first pause between two tries; each further one is twice as long: 2.5 s in all. */
const TRIES = 9;
const FIRST_PAUSE_MS = 10;
/** How many owners a router knows without asking the directory. */
const KNOWN_OWNERS = 10_000;

/** Code of the refusal by a worker that is not, and cannot become, the owner; `facts.owner` says who is. */
const NOT_OWNER = 'not_owner';

/** Refusals by, or instead of, a worker that another one may not share. */
const TRY_ANOTHER: ReadonlySet<string> = new Set([NOT_OWNER, 'no_responders', 'fenced']);

export type SessionEnvelope = Envelope & { readonly sessionId: string };

type PayloadInput<N extends SessionCommandName> = z.input<(typeof sessionCommands)[N]['payload']>;

export interface SessionRouter {
  /**
   * Sends a command to the owner of its session, or to any worker, which then claims it. Safe to repeat: the envelope id
   * is the command id. Throws `UnavailableError` code `no_owner` when no worker takes it, else what `Bus.request` throws.
   */
  send<N extends SessionCommandName>(
    name: N,
    payload: PayloadInput<N>,
    envelope: SessionEnvelope,
  ): Promise<CommandReply>;
}

/** The refusal that sends the router on to the real owner. */
export function notOwner(sessionId: string, owner: string | null): ConflictError {
  return new ConflictError(`Session ${sessionId} is owned by another worker.`, { code: NOT_OWNER, facts: { owner } });
}

/** The address that a worker serves its sessions' commands at. */
export function workerAddress(incarnation: string): string {
  return `worker.${incarnation}`;
}

/** Routes by the owner that answered last, else by the directory. Neither need be right: who is asked wrongly says so. */
export function createSessionRouter(bus: Bus, directory: OwnerDirectory): SessionRouter {
  const known = new KnownOwners(KNOWN_OWNERS);
  return {
    async send(name, payload, envelope) {
      const { sessionId } = envelope;
      let owner = await likelyOwner(name, sessionId, known, directory);
      for (let tries = 1; ; tries += 1) {
        try {
          const to = owner ? { to: workerAddress(owner) } : {};
          const reply = await bus.request(sessionCommands[name], payload as never, envelope, to);
          if (owner) known.remember(sessionId, owner);
          return reply;
        } catch (error) {
          if (isAboutOwner(error)) known.forget(sessionId);
          const next = nextOwner(error);
          if (tries === TRIES) throw givenUp(sessionId, error);
          // Somebody else is asked at once the first time; after that the parties need time to agree.
          if (tries > 1 || next === owner) await pause(FIRST_PAUSE_MS * 2 ** (tries - 1));
          owner = next;
        }
      }
    },
  };
}

/** Nobody owns a session that is yet to be made, and without a directory any worker finds the owner in the store. */
async function likelyOwner(
  name: SessionCommandName,
  sessionId: string,
  known: KnownOwners,
  directory: OwnerDirectory,
): Promise<string | null> {
  if (name === 'create') return null;
  return known.get(sessionId) ?? (await directory.ownerOf(sessionId).catch(() => null));
}

/** Whether the one that was asked may no longer be the owner. A time-out is a sign of it as well: the worker may hang. */
function isAboutOwner(error: unknown): boolean {
  return error instanceof TimeoutError || (error instanceof AppError && TRY_ANOTHER.has(error.code));
}

/** Whom to ask after this error, null for any worker; throws it when asking somebody else would not help. */
function nextOwner(error: unknown): string | null {
  if (!(error instanceof AppError) || !TRY_ANOTHER.has(error.code)) throw error;
  const { owner } = error.facts;
  return error.code === NOT_OWNER && typeof owner === 'string' ? owner : null;
}

function givenUp(sessionId: string, cause: unknown): UnavailableError {
  return new UnavailableError(`No worker takes commands for session ${sessionId} at the moment; try again.`, {
    code: 'no_owner',
    cause,
    retryAfterMs: 1_000,
  });
}
