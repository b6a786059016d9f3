import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@oio/runtime';

/** How many prompts a server is sent. Source: section 5 of the specification. */
export interface PromptRate {
  readonly perMinute: number;
  /** How many of them may come at once. */
  readonly burst: number;
}

/**
 * Turns in which prompts are sent to servers. In any stretch of `burst / perMinute` minutes lie at most `burst` turns, so
 * that in any minute there are at most `perMinute`.
 */
export interface PromptTurns {
  /** Takes the next turn of a server; in how many milliseconds it comes. Throws `UnavailableError`. */
  take(serverId: string): Promise<number>;
}

/** Waits for the next turn of one server; rejects when the signal aborts. Never refuses. */
export type AwaitPromptTurn = (signal: AbortSignal) => Promise<void>;

export interface PromptLimitParts {
  /** Those that all gateways share. */
  readonly turns: PromptTurns;
  /** Those of this process, while the others cannot be asked: slower than necessary is better than not at all. */
  readonly substitute: PromptTurns;
  readonly logger: Logger;
}

export function createPromptLimit({
  turns,
  substitute,
  logger,
}: PromptLimitParts): (serverId: string) => AwaitPromptTurn {
  return (serverId) => async (signal) => {
    const waitMs = await turns.take(serverId).catch((error: unknown) => {
      logger.debug({ err: error, serverId }, 'prompts counted by this process alone');
      return substitute.take(serverId);
    });
    if (waitMs <= 0) return;
    logger.info({ serverId, waitMs: Math.round(waitMs) }, 'prompt waits for its turn');
    await delay(waitMs, undefined, { signal });
  };
}

/** For servers that are sent as many as come. */
export const UNLIMITED = (): AwaitPromptTurn => async () => {};

/** The length of the window in which `burst` turns lie at most. */
export function windowMs({ perMinute, burst }: PromptRate): number {
  return (burst / perMinute) * 60_000;
}
