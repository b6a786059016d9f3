import type { Database } from '@oio/persistence';
import { type CpuSeconds, startCpuMeter } from '../cpu-meter.ts';
import type { Measured } from '../figures.ts';
import { usageOf } from '../process-usage.ts';
import type { System } from '../system/system.ts';
import { until } from './until.ts';

export interface DrainOptions {
  readonly database: Database;
  /** It is over when so few wait. */
  readonly slots: number;
  readonly withinMs: number;
  readonly lookMs: number;
}

export interface Drain {
  /** Its latency is that of a session from running to completed. */
  readonly measured: Measured;
  readonly cpu: CpuSeconds;
}

/** Of those that began and were completed within the time. */
const LATENCIES = `
select (extract(epoch from ended.at - began.at) * 1000)::float8 as ms
from session_events ended join session_events began using (session_id)
where ended.type = 'session.completed' and began.type = 'session.running'
  and began.at >= to_timestamp($1) and ended.at <= to_timestamp($2)`;

/** Measures how what waits becomes less, from now on. */
export async function measureDrain(system: System, options: DrainOptions): Promise<Drain> {
  const { database, slots, withinMs, lookMs } = options;
  const [before, startedMs, fromMs] = [await waiting(database), performance.now(), Date.now()];
  const taken = startCpuMeter(system.processes);
  await until(async () => (await waiting(database)) <= slots, { withinMs, lookMs });
  const [after, endedMs, untilMs] = [await waiting(database), performance.now(), Date.now()];
  const cpu = taken();
  const { rssMb } = usageOf(Object.values(system.processes));
  const rows = await database.query<{ ms: number }>(LATENCIES, [fromMs / 1_000, untilMs / 1_000]);
  const latenciesMs = rows.map(({ ms }) => ms);
  const [ops, tookMs] = [before - after, endedMs - startedMs];
  // Whoever asks for this ends the bench if a session has failed.
  return { measured: { tookMs, ops, latenciesMs, failures: [], cpuSeconds: cpu.all, rssMb }, cpu };
}

/** How many wait. */
export async function waiting(database: Database): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    'select count(*)::int as count from sessions where waiting_since is not null',
  );
  return row?.count ?? 0;
}
