import { Connection } from '../client/connection.ts';
import type { StartedSystem } from '../system/start-system.ts';
import { until } from './until.ts';

const WITHIN_MS = 300_000;
const LOOK_MS = 500;
const COUNTED = /^oio_metrics_catching_up 0$/m;

/**
 * Resolves once the metrics service has counted the stored history, with how long that took from now on, in milliseconds. At its first start beside a million sessions that were
 * copied these are two million events that it had never seen; those who had queued them one by one would be long through it.
 */
export async function historyCounted({ url, apiKey }: StartedSystem): Promise<number> {
  const startedMs = performance.now();
  const connection = new Connection(url, apiKey);
  const isCounted = async (): Promise<boolean> => COUNTED.test((await connection.get('/metrics')).body);
  const isThrough = await until(isCounted, { withinMs: WITHIN_MS, lookMs: LOOK_MS });
  connection.close();
  if (!isThrough) throw new Error('The stored history was not counted in time.');
  return Math.round(performance.now() - startedMs);
}
