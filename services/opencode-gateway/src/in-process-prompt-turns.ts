import { type PromptRate, type PromptTurns, windowMs } from './prompt-limit.ts';

/** Turns that one process takes by itself. */
export function createInProcessPromptTurns(rate: PromptRate, nowMs = () => performance.now()): PromptTurns {
  const taken = new Map<string, number[]>();
  return {
    async take(serverId) {
      const turns = taken.get(serverId) ?? [];
      taken.set(serverId, turns);
      const now = nowMs();
      const oldest = turns.length < rate.burst ? undefined : turns.shift();
      const turn = oldest === undefined ? now : Math.max(now, oldest + windowMs(rate));
      turns.push(turn);
      return turn - now;
    },
  };
}
