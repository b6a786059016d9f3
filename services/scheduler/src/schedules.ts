import type { NewSession, Overlap } from '@oio/contracts';
import { type DueDecision, decideDue } from '@oio/domain';
import { ConflictError, ForbiddenError, InvalidError, NotFoundError } from '@oio/errors';
import { serviceEnvelope } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import { idAt, type Logger } from '@oio/runtime';
import type { PacedCommands } from './paced-commands.ts';
import type { ComingSchedule, FireRecord, PendingFire, ScheduleDecision, ScheduleTable } from './ports.ts';

/** How far ahead schedules are looked for; also the longest time between two looks. */
export const SCHEDULE_POLL_MS = 1_000;
/** When more is to be done than in one go. Reading a line takes up to a millisecond of everybody's time. */
const BUSY_POLL_MS = 20;
const AT_ONCE = 50;

export interface ScheduleParts {
  readonly table: ScheduleTable;
  readonly router: Pick<SessionRouter, 'send'>;
  readonly commands: PacedCommands;
  readonly logger: Logger;
  /** It is known what became of a fire: the next one of its schedule may be submitted. */
  readonly onDone: () => void;
}

/**
 * Writes down which fires have come due by the database's clock, and submits a session for each that is written down: what was
 * decided before a crash is submitted after it. Returns in how many milliseconds the next look should be.
 */
export async function fireSchedules(parts: ScheduleParts): Promise<number> {
  const { table, commands, logger } = parts;
  const coming = await table.coming({ withinMs: SCHEDULE_POLL_MS, limit: AT_ONCE });
  const due = coming.filter(({ inMs }) => inMs <= 0);
  if (due.length > 0) await table.decide(due.map((schedule) => decisionOf(schedule, logger)));
  const limit = commands.room;
  const fires = limit > 0 ? await table.pending({ limit, except: commands.resting }) : [];
  for (const fire of fires) commands.send(fire.sessionId, () => submit(parts, fire));
  if (due.length === AT_ONCE || fires.length === limit) return BUSY_POLL_MS;
  const later = coming.filter(({ inMs }) => inMs > 0).map(({ inMs }) => Math.ceil(inMs));
  return Math.min(SCHEDULE_POLL_MS, ...later);
}

function decisionOf(schedule: ComingSchedule, logger: Logger): ScheduleDecision {
  const { id, version, nextFireAt: from } = schedule;
  const { nextFireAt, fires } = decideOrGiveUp(schedule, logger);
  const named = fires.map((fire) => ({ ...fire, sessionId: idAt(fire.at, ['schedule', id]) }));
  return { id, version, from, nextFireAt, fires: named };
}

/** A line that cannot be read any more holds up no others: it does not come due again. */
function decideOrGiveUp(schedule: ComingSchedule, logger: Logger): DueDecision {
  try {
    return decideDue(schedule, schedule.now);
  } catch (error) {
    logger.error({ err: error, scheduleId: schedule.id }, 'schedule cannot be read');
    const detail = `cron cannot be read: ${(error as Error).message}`;
    return { nextFireAt: null, fires: [{ at: schedule.nextFireAt, outcome: 'missed', detail }] };
  }
}

/** By the rules for concurrency keys: they hold between all submissions, and are checked where sessions are committed. */
const ON_CONFLICT: { readonly [O in Overlap]: NonNullable<NewSession['onConflict']> } = {
  skip: 'reject',
  queue: 'queue',
  cancel_running: 'cancel_oldest',
};

/** The ids follow from the schedule and the time, so that a fire has one session however often it is submitted. */
async function submit({ table, router, onDone }: ScheduleParts, fire: PendingFire): Promise<'done'> {
  const { sessionId, scheduleId, at, tenant, createdBy, session, overlap } = fire;
  const about = { tenant, id: `schedule:${scheduleId}:${at}`, sessionId };
  const envelope = { ...serviceEnvelope('scheduler', about), principal: `user:${createdBy}`, sessionId };
  const concurrencyKey = session.concurrencyKey ?? `schedule:${scheduleId}`;
  const order = { ...session, concurrencyKey, onConflict: ON_CONFLICT[overlap] };
  const outcome = await router.send('create', order, envelope).then(() => SUBMITTED, refusalOf);
  await table.record({ sessionId, ...outcome });
  onDone();
  return 'done';
}

type Outcome = Omit<FireRecord, 'sessionId'>;

const SUBMITTED: Outcome = { outcome: 'submitted', detail: null };
const FINAL = [InvalidError, ConflictError, NotFoundError, ForbiddenError];

/** What cannot be accepted now is not tried again: the next fire is. Throws what may pass. */
function refusalOf(error: unknown): Outcome {
  if (!(error instanceof Error) || !FINAL.some((kind) => error instanceof kind)) throw error;
  const isInUse = error instanceof ConflictError && error.code === 'concurrency_key_in_use';
  if (isInUse) return { outcome: 'skipped', detail: error.message };
  const violations = error instanceof InvalidError ? error.violations : [];
  const detail = [error.message, ...violations.map(({ field, message }) => `${field}: ${message}`)].join('\n');
  return { outcome: 'refused', detail: detail.slice(0, 2_000).toWellFormed() };
}
