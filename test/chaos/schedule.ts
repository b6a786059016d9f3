import { CannotRunError, type Effect, type Fault } from './faults/fault.ts';
import { pause } from './pause.ts';
import type { Random } from './random.ts';
import type { Window } from './windows.ts';
import type { World } from './world.ts';

/** One fault that was let loose, and what came of it. */
export interface Strike {
  readonly window: Window;
  readonly effect: Effect | null;
  /** When its consequences must be over, in milliseconds since 1970. */
  readonly overAt: number;
  /** Why it could not be done, or what went wrong in the harness. */
  readonly problem: string | null;
}

export interface Schedule {
  readonly faults: readonly Fault[];
  /** How many at the same time at most. */
  readonly atOnce: number;
  readonly endsAt: number;
  readonly longestBreakMs?: number;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly onStrike: (strike: Strike) => void;
  readonly onBegin: (fault: Fault) => void;
  /** Resolves when there is work again that can be struck, or none is to be expected. */
  readonly untilAtWork: () => Promise<void>;
}

/** Between the begin of one and that of the next, in milliseconds. */
const LONGEST_BREAK_MS = 1_500;
/** How long a further turn may take, when the time of all others is over. */
const FURTHER_MS = 25_000;

/**
 * Lets faults loose, one after the other or several at once, until the time is over: each once in an order by chance, then
 * again. Two that disturb the same part are never on at the same time. One that found nothing to strike, because another
 * fault kept all work away, gets a further turn at the end, when work goes on. Resolves when all is mended.
 */
export async function letLoose(schedule: Schedule, worldOf: (fault: Fault, endsAt: number) => World): Promise<void> {
  const { faults, atOnce, endsAt, random, signal, longestBreakMs = LONGEST_BREAK_MS, untilAtWork } = schedule;
  const running = new Map<Fault, Promise<void>>();
  const struck = new Map<Fault, boolean>();
  const strikeOnce = async (fault: Fault, within: number): Promise<void> => {
    const hasStruck = await strike(schedule, fault, worldOf(fault, within));
    struck.set(fault, struck.get(fault) || hasStruck);
  };
  let waiting: Fault[] = [];
  while (!signal.aborted && performance.now() < endsAt) {
    if (waiting.length === 0) waiting = random.shuffled(faults);
    const next = waiting.find((fault) => ![...running.keys()].some((other) => collide(fault, other)));
    if (next && running.size < atOnce) {
      waiting = waiting.filter((fault) => fault !== next);
      running.set(
        next,
        strikeOnce(next, endsAt).finally(() => running.delete(next)),
      );
      await pause(random.int(longestBreakMs >> 4, longestBreakMs), signal);
    } else {
      await Promise.race([...running.values(), pause(longestBreakMs, signal)]);
    }
  }
  await Promise.all(running.values());
  for (const [fault, hasStruck] of struck) {
    if (hasStruck || signal.aborted) continue;
    await untilAtWork();
    await strikeOnce(fault, performance.now() + FURTHER_MS);
  }
}

function collide(one: Fault, other: Fault): boolean {
  return one.touches.some((part) => other.touches.includes(part));
}

/** Returns whether it struck, or went wrong, which is told. */
async function strike({ onStrike, onBegin }: Schedule, fault: Fault, world: World): Promise<boolean> {
  onBegin(fault);
  const from = Date.now();
  const done = await fault.run(world).then(
    (effect) => ({ effect, problem: null }),
    (error: unknown) => ({ effect: null, problem: problemOf(error) }),
  );
  const { name, touches, aftermathMs = 0 } = fault;
  const to = Date.now();
  onStrike({ window: { fault: name, touches, from, to }, overAt: to + aftermathMs, ...done });
  return done.effect?.times !== 0;
}

function problemOf(error: unknown): string {
  if (error instanceof CannotRunError) return `not run: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
