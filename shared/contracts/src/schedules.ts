import { z } from 'zod';
import { came } from './excerpt.ts';
import { integer, oneOf, text, visibleText } from './fields.ts';
import { newSession } from './new-session.ts';
import { STATUSES } from './vocabulary.ts';

/** What becomes of a fire, and of the sessions before it, when one of them has not ended. */
export const OVERLAPS = ['skip', 'queue', 'cancel_running'] as const;
export type Overlap = (typeof OVERLAPS)[number];

/** `pending`: being submitted. `submitted`: there is a session. `skipped`: another one had not ended. `missed`: nobody was there. `refused`: not acceptable. */
const FIRE_OUTCOMES = ['pending', 'submitted', 'skipped', 'missed', 'refused'] as const;
export type FireOutcome = (typeof FIRE_OUTCOMES)[number];

/** How many fires are made up for at most, and how many are kept. */
const MOST_CAUGHT_UP = 50;
export const FIRES_KEPT = 100;

const SHORTHAND = /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)$/i;
/** Of what a field may consist; whether it makes sense is judged by who reads the line. */
const FIELD = /^[0-9A-Za-z*,/#-]+$/;
const FIELDS = 5;

const cron = text('cron')
  .max(200, 'cron must be at most 200 characters.')
  .overwrite((line) => line.trim().replaceAll(/\s+/g, ' '))
  .refine(isCronLine, {
    error: (issue) =>
      `cron must have the five fields minute, hour, day of month, month and day of week, such as 30 3 * * 1-5, or be one of @hourly, @daily, @weekly, @monthly and @yearly; there is no field for seconds; ${came(issue.input)}.`,
  });

/** Names of the IANA only: an offset has no daylight saving time, and most who write one want it. */
const timeZone = text('timeZone')
  .refine(isTimeZone, {
    error: (issue) => `timeZone must be a time zone of the IANA, such as Europe/Berlin or UTC; ${came(issue.input)}.`,
  })
  .default('UTC');

/** A session as a schedule submits it: without what makes sense for one session at one time only. */
const newScheduledSession = newSession
  .omit({
    id: true,
    parentId: true,
    start: true,
    dependsOn: true,
    onDependencyFailure: true,
    notBefore: true,
    onConflict: true,
  })
  .meta({ id: 'NewScheduledSession' });
export type ScheduledSession = z.output<typeof newScheduledSession>;

/** A session that is to be submitted again and again. Unknown fields are refused. */
export const newSchedule = z
  .strictObject({
    name: visibleText('name', 100)
      .overwrite((name) => name.trim())
      .describe('What people call it; unique in the tenant.'),
    cron: cron.describe(
      'Minute, hour, day of month, month, day of week: numbers, names (MON, JAN), lists, ranges, steps, * and L, W, # for days; or @hourly, @daily, @weekly, @monthly, @yearly. With both days given, either is enough.',
    ),
    timeZone: timeZone.describe('Where the line is read, with its daylight saving time.'),
    overlap: oneOf('overlap', OVERLAPS)
      .default('skip')
      .describe(
        'While a session of the schedule has not ended: `skip` the fire; `queue` its session behind the others; `cancel_running`: end the others as soon as it is queued. With a `concurrencyKey` in the session all sessions with that key count.',
      ),
    catchUpLimit: integer('catchUpLimit', 0, MOST_CAUGHT_UP, 'fires')
      .default(1)
      .describe('How many of the fires that were missed while nobody was there are made up for, the newest of them.'),
    paused: z.boolean({ error: 'paused must be true or false.' }).default(false),
    session: newScheduledSession.describe('What is submitted each time.'),
  })
  .meta({ id: 'NewSchedule' });
export type NewSchedule = z.output<typeof newSchedule>;

/** One time at which a schedule came due, or was fired by hand, and what became of it. */
const scheduleFire = z
  .object({
    at: z.iso.datetime().describe('When it came due.'),
    byHand: z.boolean(),
    outcome: z.enum(FIRE_OUTCOMES),
    session: z.object({ id: z.string(), status: z.enum(STATUSES) }).nullable(),
    detail: z.string().nullable().describe('Why there is no session, or not yet.'),
  })
  .meta({ id: 'ScheduleFire' });
export type ScheduleFire = z.output<typeof scheduleFire>;

/** A schedule as it stands. */
export const schedule = z
  .object({
    ...newSchedule.shape,
    session: z.object(newScheduledSession.shape).meta({ id: 'ScheduledSession' }),
    id: z.string(),
    version: z.int(),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    nextFireAt: z.iso.datetime().nullable().describe('Null while it is paused.'),
  })
  .meta({ id: 'Schedule' });
export type Schedule = z.output<typeof schedule>;

/** The same with what comes and what was. */
export const scheduleDetail = schedule
  .extend({
    nextFires: z.array(z.iso.datetime()).describe('The next five; none while it is paused.'),
    fires: z.array(scheduleFire).describe(`The last ${FIRES_KEPT}, newest first.`),
  })
  .meta({ id: 'ScheduleDetail' });
export type ScheduleDetail = z.output<typeof scheduleDetail>;

function isCronLine(line: string): boolean {
  const fields = line.split(' ');
  return SHORTHAND.test(line) || (fields.length === FIELDS && fields.every((field) => FIELD.test(field)));
}

function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][\w+/-]{0,99}$/.test(name)) return false;
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}
