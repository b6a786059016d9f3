import { randomUUID } from 'node:crypto';
import type { ScheduleDetail } from '@oio/contracts';
import { type Api, draft } from './start-api.ts';

/** A schedule that is well-formed, under a name of its own; the fields given replace those of it. */
export function scheduleDraft(fields: Record<string, unknown> = {}) {
  return { name: `nightly ${randomUUID()}`, cron: '0 3 * * *', session: draft(), ...fields };
}

/** Enters a schedule and returns it. */
export async function aSchedule(
  api: Pick<Api, 'fetch'>,
  fields: Record<string, unknown> = {},
): Promise<ScheduleDetail> {
  const response = await api.fetch('/v1/schedules', { json: scheduleDraft(fields) });
  if (response.status !== 201) throw new Error(`not accepted: ${await response.text()}`);
  return (await response.json()) as ScheduleDetail;
}
