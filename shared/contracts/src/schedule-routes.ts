import { z } from 'zod';
import { sessionId, text } from './fields.ts';
import { cursor, limit } from './paging.ts';
import { newSchedule, schedule, scheduleDetail } from './schedules.ts';

const params = z.strictObject({ id: sessionId });

/** Sessions that are submitted again and again. */
export const scheduleRoutes = {
  createSchedule: {
    method: 'POST',
    path: '/v1/schedules',
    summary: 'Have a session submitted at the times of a cron line.',
    scope: 'write',
    body: newSchedule,
    idempotent: true,
    status: 201,
    reply: scheduleDetail,
  },
  listSchedules: {
    method: 'GET',
    path: '/v1/schedules',
    summary: 'List schedules, newest first.',
    scope: 'read',
    query: z.strictObject({ name: text('name').optional().describe('Only the one of this name.'), limit, cursor }),
    status: 200,
    reply: z.object({ schedules: z.array(schedule), nextCursor: z.string().nullable() }),
  },
  getSchedule: {
    method: 'GET',
    path: '/v1/schedules/{id}',
    summary: 'Read one schedule: its next fires, the last ones, and what became of each.',
    scope: 'read',
    params,
    status: 200,
    reply: scheduleDetail,
  },
  replaceSchedule: {
    method: 'PUT',
    path: '/v1/schedules/{id}',
    summary: 'Say anew all that a schedule consists of. Sessions that it has submitted stay as they are.',
    scope: 'write',
    params,
    body: newSchedule,
    status: 200,
    reply: scheduleDetail,
  },
  pauseSchedule: {
    method: 'POST',
    path: '/v1/schedules/{id}/pause',
    summary: 'Let a schedule rest: nothing comes due, and nothing counts as missed.',
    scope: 'write',
    params,
    status: 200,
    reply: scheduleDetail,
  },
  resumeSchedule: {
    method: 'POST',
    path: '/v1/schedules/{id}/resume',
    summary: 'Let a paused schedule go on with its next fire.',
    scope: 'write',
    params,
    status: 200,
    reply: scheduleDetail,
  },
  fireSchedule: {
    method: 'POST',
    path: '/v1/schedules/{id}/fire',
    summary: 'Submit the session of a schedule now, paused or not; its overlap policy holds.',
    scope: 'write',
    params,
    idempotent: true,
    status: 200,
    reply: scheduleDetail,
  },
  deleteSchedule: {
    method: 'DELETE',
    path: '/v1/schedules/{id}',
    summary: 'Delete a schedule and what is known of its fires; its sessions stay.',
    scope: 'write',
    params,
    status: 200,
    reply: schedule,
  },
} as const;
