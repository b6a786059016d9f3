import type { NewSchedule, Schedule, ScheduleDetail } from '@oio/contracts';
import { nextFires } from '@oio/domain';
import { ConflictError, NotFoundError, UnavailableError } from '@oio/errors';
import type { GatewayRouter } from '@oio/ownership';
import { type Clock, newId } from '@oio/runtime';
import { claimKey } from './claim-key.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { IdempotencyKeys, ScheduleKey, ScheduleStore } from './ports.ts';
import type { Order, RouteHandlers } from './route-types.ts';
import { assertPossible } from './schedule-violations.ts';
import { assertVersion } from './session-commands.ts';
import { versionTag } from './version-tag.ts';

export interface ScheduleParts {
  readonly schedules: ScheduleStore;
  readonly gateways: GatewayRouter;
  readonly keys: IdempotencyKeys;
  readonly clock: Clock;
  /** How many a tenant may have. */
  readonly maxSchedules: number;
}

type Names =
  | 'createSchedule'
  | 'listSchedules'
  | 'getSchedule'
  | 'replaceSchedule'
  | 'pauseSchedule'
  | 'resumeSchedule'
  | 'fireSchedule'
  | 'deleteSchedule';

type OfOne = Order & { readonly params: { readonly id: string } };

/** How many fires that come are shown, and how often a change is tried beside others. */
const NEXT_FIRES = 5;
const TRIES = 5;
/** Fires by hand of one schedule that are to be submitted at a time: whoever orders more has a queue that helps nobody. */
const FIRES_WAITING = 10;

/** Sessions that are submitted again and again. The scheduler reads what is entered here. */
export function createScheduleHandlers(parts: ScheduleParts): Pick<RouteHandlers, Names> {
  const { schedules, keys } = parts;
  const pause = (paused: boolean) => async (request: OfOne) =>
    answer(parts, await change(parts, request, (content) => ({ ...content, paused })));
  return {
    ...readers(parts),
    async createSchedule(request) {
      const claim = await claimKey(keys, request, newId());
      const key = { tenant: request.principal.tenant, id: claim.sessionId };
      const known = claim.known && (await schedules.get(key));
      const body = await answer(parts, known || (await add(parts, key, request)));
      return { ...body, headers: { ...body.headers, ...(known && { 'Idempotent-Replayed': 'true' }) } };
    },
    async replaceSchedule(request) {
      assertVersion(request.headers.ifMatch, (await scheduleOf(schedules, keyOf(request))).version, 'schedule');
      await assertPossible(parts, request.body, request);
      return answer(parts, await change(parts, request, () => request.body));
    },
    pauseSchedule: pause(true),
    resumeSchedule: pause(false),
    async fireSchedule(request) {
      const found = await scheduleOf(schedules, keyOf(request));
      assertVersion(request.headers.ifMatch, found.version, 'schedule');
      const claim = await claimKey(keys, request, newId());
      const outcome = await schedules.fire(keyOf(request), claim.sessionId, FIRES_WAITING);
      if (outcome === 'gone') throw noSuchSchedule();
      if (outcome === 'full') throw tooManyFires();
      return answer(parts, found);
    },
    async deleteSchedule(request) {
      for (let tries = 1; tries <= TRIES; tries += 1) {
        const found = await scheduleOf(schedules, keyOf(request));
        assertVersion(request.headers.ifMatch, found.version, 'schedule');
        if (await schedules.remove(keyOf(request), found.version)) return { body: found };
      }
      throw contended();
    },
  };
}

function readers(parts: ScheduleParts): Pick<RouteHandlers, 'listSchedules' | 'getSchedule'> {
  const { schedules } = parts;
  return {
    async listSchedules({ principal: { tenant }, query: { name, limit, cursor } }) {
      const scope = { tenant, filter: { schedules: name } };
      const before = cursor === undefined ? null : decodeCursor(cursor, scope);
      const found = await schedules.list(tenant, { name }, { before, limit: limit + 1 });
      const shown = found.slice(0, limit);
      const last = found.length > limit ? shown.at(-1) : undefined;
      return { body: { schedules: shown, nextCursor: last ? encodeCursor(last.id, scope) : null } };
    },
    getSchedule: async (request) => answer(parts, await scheduleOf(schedules, keyOf(request))),
  };
}

async function answer({ schedules }: ScheduleParts, schedule: Schedule) {
  const { id, nextFireAt: next } = schedule;
  const coming = next === null ? [] : [next, ...nextFires(schedule, next, NEXT_FIRES - 1)];
  const body: ScheduleDetail = { ...schedule, nextFires: coming, fires: await schedules.fires(id) };
  return { headers: versionTag(schedule), body };
}

async function add(parts: ScheduleParts, key: ScheduleKey, request: Order & { readonly body: NewSchedule }) {
  const { schedules, clock, maxSchedules } = parts;
  const { body, principal } = request;
  await assertPossible(parts, body, request);
  const entry = { ...body, createdBy: principal.id, nextFireAt: firstFire(body, clock.now()) };
  const outcome = await schedules.add(key, entry, maxSchedules);
  const found = await schedules.get(key);
  if (found) return found;
  if (outcome === 'full') throw tooMany(maxSchedules);
  throw outcome === 'added' ? noSuchSchedule() : nameTaken(body.name);
}

/** Changes what a schedule consists of; beside other changes it is tried anew. */
async function change(
  { schedules, clock }: ScheduleParts,
  request: OfOne,
  next: (content: NewSchedule) => NewSchedule,
): Promise<Schedule> {
  const key = keyOf(request);
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const found = await scheduleOf(schedules, key);
    assertVersion(request.headers.ifMatch, found.version, 'schedule');
    const content = next(contentOf(found));
    if (JSON.stringify(content) === JSON.stringify(contentOf(found))) return found;
    const nextFireAt = keepsRhythm(found, content) ? undefined : firstFire(content, clock.now());
    const outcome = await schedules.replace(key, found.version, { ...content, nextFireAt });
    if (outcome === 'name_taken') throw nameTaken(content.name);
    if (outcome === 'replaced') return scheduleOf(schedules, key);
  }
  throw contended();
}

/** What is due by the same line stays due. */
function keepsRhythm(before: NewSchedule, after: NewSchedule): boolean {
  return before.cron === after.cron && before.timeZone === after.timeZone && before.paused === after.paused;
}

function firstFire(schedule: NewSchedule, now: string): string | null {
  return schedule.paused ? null : (nextFires(schedule, now, 1)[0] ?? null);
}

function contentOf({ name, cron, timeZone, overlap, catchUpLimit, paused, session }: Schedule): NewSchedule {
  return { name, cron, timeZone, overlap, catchUpLimit, paused, session };
}

function keyOf({ principal, params }: OfOne): ScheduleKey {
  return { tenant: principal.tenant, id: params.id };
}

async function scheduleOf(schedules: ScheduleStore, key: ScheduleKey): Promise<Schedule> {
  const found = await schedules.get(key);
  if (found) return found;
  throw noSuchSchedule();
}

/** The same for an id that is unknown, or another tenant's. */
function noSuchSchedule(): NotFoundError {
  return new NotFoundError('There is no such schedule.', { code: 'schedule_not_found' });
}

function nameTaken(name: string): ConflictError {
  return new ConflictError(`There is a schedule called ${name} already.`, { code: 'schedule_name_taken' });
}

function tooMany(most: number): ConflictError {
  const message = `There are ${most} schedules already, which is the most that a tenant may have (API_MAX_SCHEDULES): delete one first.`;
  return new ConflictError(message, { code: 'too_many_schedules' });
}

function tooManyFires(): ConflictError {
  const message = `${FIRES_WAITING} fires by hand of this schedule are still to be submitted: try again when they are.`;
  return new ConflictError(message, { code: 'too_many_fires' });
}

function contended(): UnavailableError {
  return new UnavailableError('The schedule is being changed by others; try again.', { code: 'schedule_contended' });
}
