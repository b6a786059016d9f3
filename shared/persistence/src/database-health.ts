import { setTimeout as pause } from 'node:timers/promises';
import type { DependencyHealth } from '@oio/runtime';
import type { Pool } from 'pg';
import type { Answers } from './answers.ts';
import type { ErrorCount } from './error-count.ts';
import { reasonOf } from './startup-refusal.ts';

/** How long the question may take before the answer is that there is none, and from when on it is slow. */
const ANSWER_MS = 2_000;
const SLOW_MS = 1_000;
/** The size is asked for no more often: the server looks at every file. */
const SIZE_EVERY_MS = 30_000;

export interface HealthParts {
  readonly pool: Pool;
  readonly query: <Row>(sql: string) => Promise<Row[]>;
  readonly errors: ErrorCount;
  readonly answers: Pick<Answers, 'isBusy' | 'isHung'>;
}

/** Makes the report of the database; see `DependencyHealth`. */
export function createDatabaseHealth({ pool, query, errors, answers }: HealthParts): () => Promise<DependencyHealth> {
  let size: { readonly bytes: number; readonly atMs: number } | null = null;
  let asking: Promise<number> | null = null;

  /** Milliseconds that the answer took; the time in the queue for a connection included. */
  const ask = async (): Promise<number> => {
    const beganAtMs = performance.now();
    await query('select 1');
    const latencyMs = performance.now() - beganAtMs;
    if (!size || beganAtMs - size.atMs > SIZE_EVERY_MS) {
      const [row] = await query<{ bytes: number }>('select pg_database_size(current_database())::float8 as bytes');
      size = { bytes: row?.bytes ?? 0, atMs: beganAtMs };
    }
    return latencyMs;
  };

  return async () => {
    // One question at a time: where none is answered, reports must not use up the connections.
    asking ??= ask().finally(() => {
      asking = null;
    });
    const answer = await Promise.race([asking.catch((error: unknown) => reasonOf(error)), silence()]);
    const figures = {
      connections: pool.totalCount,
      connections_idle: pool.idleCount,
      connections_waiting: pool.waitingCount,
      connections_max: pool.options.max,
      ...(size && { database_bytes: size.bytes }),
      ...errors.figures(),
    };
    return { name: 'postgres', optional: false, figures, ...judged(answer, answers) };
  };
}

async function silence(): Promise<null> {
  return pause(ANSWER_MS, null, { ref: false });
}

function judged(
  answer: number | string | null,
  { isBusy, isHung }: HealthParts['answers'],
): Pick<DependencyHealth, 'state' | 'latencyMs' | 'detail'> {
  if (typeof answer === 'string') return { state: 'down', latencyMs: null, detail: `It does not answer: ${answer}` };
  if (answer !== null) {
    const isSlow = answer >= SLOW_MS;
    return { state: isSlow ? 'degraded' : 'ok', latencyMs: answer, detail: isSlow ? 'It is slow.' : 'It answers.' };
  }
  if (isBusy && !isHung)
    return { state: 'degraded', latencyMs: null, detail: 'All connections are at work and others wait for one.' };
  return { state: 'down', latencyMs: null, detail: `No answer within ${ANSWER_MS / 1_000} s.` };
}
