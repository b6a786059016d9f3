import type { Database } from '@oio/persistence';
import { eventually } from '@oio/runtime/testing';
import type { StartedSystem } from '../system/start-system.ts';

/** What the death of the active scheduler cost, from its SIGKILL on, in milliseconds. */
export interface Succession {
  /** Until the other one was active. */
  readonly electedMs: number;
  /** Until the first session that it dispatched ran, by the time of that event. */
  readonly dispatchedMs: number;
  /** Until it knew all that wait. */
  readonly knownMs: number;
}

const active = (epoch: number): RegExp =>
  new RegExp(`"time":"([^"]+)"[^\\n]*"epoch":${epoch},"msg":"scheduler active"`);
const KNOWN = /"time":"([^"]+)"[^\n]*"msg":"all that wait are known"/;

/** Kills the scheduler that is active; null where there is no other one. What the dead one had ordered is refused from the election on. */
export async function measureSuccession(database: Database, system: StartedSystem): Promise<Succession | null> {
  const schedulers = system.services.filter(({ name }) => name.startsWith('scheduler'));
  if (schedulers.length < 2) return null;
  const [row] = await database.query<{ epoch: number }>('select epoch::int as epoch from leaders');
  const epoch = row?.epoch ?? 0;
  const leader = schedulers.find((scheduler) => scheduler.hasSaid(active(epoch)));
  const heir = schedulers.find((scheduler) => scheduler !== leader);
  if (!leader || !heir) throw new Error('There is no active scheduler, or no other one.');
  const killedMs = Date.now();
  leader.signal('SIGKILL');
  const electedMs = Date.parse(await heir.said(active(epoch + 1)));
  const knownMs = Date.parse(await heir.said(KNOWN));
  const dispatchedMs = await eventually(() => firstStart(database, electedMs), {
    what: 'the first dispatch',
    everyMs: 50,
  });
  return {
    electedMs: electedMs - killedMs,
    dispatchedMs: dispatchedMs - killedMs,
    knownMs: knownMs - killedMs,
  };
}

/** When the first session was set to work since then; null while none was. */
async function firstStart(database: Database, sinceMs: number): Promise<number | null> {
  const [first] = await database.query<{ ms: number | null }>(
    `select (extract(epoch from min(at)) * 1000)::float8 as ms from session_events where type = 'session.running' and at >= to_timestamp($1)`,
    [sinceMs / 1_000],
  );
  return first?.ms ?? null;
}
