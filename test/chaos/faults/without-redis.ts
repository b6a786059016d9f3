import type { SentCommand } from '../load/history.ts';
import type { World } from '../world.ts';

/** In so long a time without Redis clients have said so much that not all of it can be on its way. */
const LONG_ENOUGH_MS = 5_000;
const ANSWERED_WITHIN_MS = 2_500;
const ENOUGH = 3;

const KINDS: readonly (readonly [what: string, is: (command: SentCommand) => boolean])[] = [
  ['submission', ({ name }) => name === 'create'],
  ['command for a session', ({ name }) => name !== 'create'],
];

/**
 * Redis keeps the herd off and answers who owns a session: without it both new sessions and commands for those that are there
 * get their answers as before. A breach for a kind of which none did, unless something else was disturbed as well.
 */
export function noneAnswered(world: World, from: number): string[] {
  const now = Date.now();
  if (now - from < LONG_ENOUGH_MS || !world.isAloneSince(from)) return [];
  const begun = world.history.commands.filter(
    ({ startedAt }) => startedAt >= from && startedAt <= now - ANSWERED_WITHIN_MS,
  );
  return KINDS.flatMap(([what, is]) => {
    const ofKind = begun.filter(is);
    const isDeaf = ofKind.length >= ENOUGH && ofKind.every(({ outcome }) => outcome === 'unknown');
    return isDeaf ? [`no ${what} got a clear answer without Redis, of ${ofKind.length}`] : [];
  });
}
