import type { NewSchedule, Violation } from '@oio/contracts';
import { Cron } from 'croner';
import { instantOf, wallTime } from './wall-clock.ts';

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
  if (!namesItsHour(rhythm)) return written(cronOf(rhythm).nextRuns(count, new Date(after)));
  const fires: number[] = [];
  const line = onTheWall(rhythm);
  const afterMs = Date.parse(after);
  let wall = line.nextRun(new Date(wallTime(rhythm.timeZone, afterMs)));
  for (; wall && fires.length < count; wall = line.nextRun(wall)) {
    const at = instantOf(rhythm.timeZone, wall.getTime());
    // Times that the clock repeats were there before, and several that it leaves out come at one instant.
    if (at > (fires.at(-1) ?? afterMs)) fires.push(at);
  }
  return written(fires);
}

/**
 * The instants from `from` to `now`, both included, at which it came due, oldest first; of more than `most` the newest.
 * `from` itself counts, whatever the line says by now: it was due once.
 */
export function firesBetween(rhythm: Rhythm, from: string, { now, most }: { now: string; most: number }): string[] {
  const [second] = nextFires(rhythm, from, 1);
  if (!second || second > now) return [from];
  const due = lastFires(rhythm, { from, now, most }).filter((at) => at >= from);
  return due.length > 0 ? due : [from];
}

interface Stretch {
  readonly from: string;
  readonly now: string;
  readonly most: number;
}

/** The newest that are not after `now`, oldest first; some may be before `from`. */
function lastFires(rhythm: Rhythm, { from, now, most }: Stretch): string[] {
  const { timeZone } = rhythm;
  const [fromMs, nowMs] = [Date.parse(from), Date.parse(now)];
  if (!namesItsHour(rhythm))
    return written(
      cronOf(rhythm)
        .previousRuns(most, new Date(nowMs + 1))
        .reverse(),
    );
  const fires: number[] = [];
  const line = onTheWall(rhythm);
  let wall = line.previousRuns(1, new Date(wallTime(timeZone, nowMs) + LONGEST_REPEAT_MS)).at(0);
  for (; wall && fires.length < most; wall = line.previousRuns(1, wall).at(0)) {
    const at = instantOf(timeZone, wall.getTime());
    if (at <= nowMs && at !== fires.at(0)) fires.unshift(at);
    if (at < fromMs) break;
  }
  return written(fires);
}

/** What the clock repeats is ahead of what it shows. */
const LONGEST_REPEAT_MS = 3 * 3_600_000;

function written(instants: readonly (Date | number)[]): string[] {
  return instants.map((at) => new Date(at).toISOString());
}

/**
 * An hour that the clock leaves out or repeats: a line that names its hour runs once, at the first instant after the gap or at
 * the first of both; one for every hour, or with steps, runs as time passes. Source: Vixie cron.
 */
function namesItsHour({ cron }: Rhythm): boolean {
  const [minute = '', hour = ''] = cron.split(' ');
  return cron.startsWith('@') ? !/^@hourly$/i.test(cron) : !/[*/]/.test(`${minute}${hour}`);
}

/** Run as time passes. */
function cronOf({ cron, timeZone }: Rhythm): Cron {
  return new Cron(cron, { mode: '5-part', timezone: timeZone });
}

/** Run by a clock that leaves nothing out; croner itself loses times in an hour that is left out before midnight, as in Greenland. */
function onTheWall({ cron }: Rhythm): Cron {
  return new Cron(cron, { mode: '5-part', timezone: 'UTC' });
}
