import {
  type CommandReply,
  type SessionCommandName,
  type sessionCommands as SessionCommands,
  sessionCommands,
} from '@oio/contracts';
import { AppError, ConflictError, UnavailableError } from '@oio/errors';
import type { Bus, Envelope } from '@oio/messaging';
import type { z } from 'zod';
import type { OwnerDirectory } from './owner-directory.ts';

/** How often a command looks for the owner again before it gives up, and the first pause between two looks. */
const TRIES = 8;
const FIRST_PAUSE_MS = 10;

/** Code of the refusal by a worker that is not, and cannot become, the owner; `facts.owner` says who is. */
export const NOT_OWNER = 'not_owner';

export type SessionEnvelope = Envelope & { readonly sessionId: string };

export interface SessionRouter {
  /** Sends a command to the owner of its session, or to any worker, which then claims it. Safe to repeat: the envelope id is the command id. */
  send<N extends SessionCommandName>(
    name: N,
    payload: z.input<(typeof SessionCommands)[N]['payload']>,
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

export function createSessionRouter(bus: Bus, directory: OwnerDirectory): SessionRouter {
  return {
    async send(name, payload, envelope) {
      let owner = await directory.ownerOf(envelope.sessionId);
      for (let attempt = 0; ; attempt += 1) {
        try {
          const to = owner ? { to: workerAddress(owner) } : {};
          return await bus.request(sessionCommands[name], payload as never, envelope, to);
        } catch (error) {
          if (attempt >= TRIES) throw givenUp(envelope.sessionId, error);
          owner = nextOwner(error, owner);
          await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** attempt));
        }
      }
    },
  };
}

/** Whom to ask after this error; throws it when asking somebody else would not help. */
function nextOwner(error: unknown, asked: string | null): string | null {
  if (!(error instanceof AppError)) throw error;
  if (error.code === NOT_OWNER) return typeof error.facts['owner'] === 'string' ? error.facts['owner'] : null;
  if (error.code === 'no_responders') return null;
  if (error.code === 'fenced' && asked) return null;
  throw error;
}

function givenUp(sessionId: string, cause: unknown): UnavailableError {
  return new UnavailableError(`No worker takes commands for session ${sessionId} at the moment; try again.`, {
    code: 'no_owner',
    cause,
    retryAfterMs: 1_000,
  });
}
