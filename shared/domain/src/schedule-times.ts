import type { NewSchedule, Violation } from '@oio/contracts';
import { Cron } from 'croner';

/** When a schedule comes due. */
export type Rhythm = Pick<NewSchedule, 'cron' | 'timeZone'>;

/**
 * What is wrong about a line that has the form of one: a field out of its range, or times that never come, such as the 31st
 * of February.
 */
export function rhythmViolations(rhythm: Rhythm, now: string): Violation[] {
  try {
    if (nextFires(rhythm, now, 1).length > 0) return [];
    return [
      { field: 'cron', code: 'never_due', message: `cron ${rhythm.cron} never comes due: there is no such day.` },
    ];
  } catch (error) {
    const reason = (error as Error).message.replace(/^\w+: /, '');
    return [{ field: 'cron', code: 'unreadable_cron', message: `cron cannot be read: ${reason}` }];
  }
}

/** The next `count` instants after `after` at which it comes due. Throws for a line that cannot be read. */
export function nextFires(rhythm: Rhythm, after: string, count: number): string[] {
  return cronOf(rhythm)
    .nextRuns(count, new Date(after))
    .map((run) => run.toISOString());
}

/**
 * The instants from `from` to `now`, both included, at which it came due, oldest first; of more than `most` the newest.
 * `from` itself counts, whatever the line says by now: it was due once.
 */
export function firesBetween(rhythm: Rhythm, from: string, { now, most }: { now: string; most: number }): string[] {
  const cron = cronOf(rhythm);
  const second = cron.nextRun(new Date(from));
  if (!second || second.toISOString() > now) return [from];
  const fires = cron.previousRuns(most, new Date(Date.parse(now) + 1)).map((run) => run.toISOString());
  const due = fires.filter((at) => at >= from).reverse();
  return due.length > 0 ? due : [from];
}

/**
 * An hour that the clock leaves out or repeats: a line that names its hour runs once, at the first instant after the gap or at
 * the first of both; one for every hour, or with steps, runs as time passes. Source: Vixie cron.
 */
function cronOf({ cron, timeZone }: Rhythm): Cron {
  return new Cron(cron, { mode: '5-part', timezone: timeZone, fixedTimeRule: 'no-wildcard' });
}
