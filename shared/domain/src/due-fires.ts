import { FIRES_KEPT } from '@oio/contracts';
import { firesBetween, nextFires, type Rhythm } from './schedule-times.ts';

/** A fire that is found so much later is still on time: another scheduler may have had to take over. */
const ON_TIME_MS = 60_000;

/** A schedule that is due. */
export interface DueSchedule extends Rhythm {
  readonly nextFireAt: string;
  readonly catchUpLimit: number;
  /** How many of its earlier fires are still being submitted. */
  readonly pending: number;
}

/** What is to be written down of a schedule that is due. */
export interface DueDecision {
  readonly nextFireAt: string | null;
  /** Oldest first. */
  readonly fires: readonly {
    readonly at: string;
    readonly outcome: 'pending' | 'missed';
    readonly detail: string | null;
  }[];
}

/**
 * Decides which fires are submitted: the one that is on time, and of those that were missed the newest `catchUpLimit`. Never
 * more wait to be submitted than that, so that nothing piles up while no session can be accepted.
 */
export function decideDue(schedule: DueSchedule, now: string): DueDecision {
  const { nextFireAt, catchUpLimit, pending } = schedule;
  const due = firesBetween(schedule, nextFireAt, { now, most: FIRES_KEPT });
  const isOnTime = Date.parse(now) - Date.parse(due.at(-1) ?? nextFireAt) <= ON_TIME_MS;
  const wanted = catchUpLimit + (isOnTime ? 1 : 0);
  const room = Math.max(0, catchUpLimit + 1 - pending);
  const [late, full] = [due.length - wanted, due.length - room];
  const fires = due.map((at, index) => {
    if (index < late) return { at, outcome: 'missed' as const, detail: tooLate(catchUpLimit) };
    if (index < full) return { at, outcome: 'missed' as const, detail: FULL };
    return { at, outcome: 'pending' as const, detail: null };
  });
  return { nextFireAt: nextFires(schedule, now, 1)[0] ?? null, fires };
}

const FULL = 'Earlier fires of this schedule could not be submitted yet.';

function tooLate(limit: number): string {
  const madeUp = limit === 0 ? 'none' : `the newest ${limit}`;
  return `Nobody was there when it came due; of those missed ${madeUp} are made up for (catchUpLimit).`;
}
