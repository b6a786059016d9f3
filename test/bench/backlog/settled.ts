import { Connection } from '../client/connection.ts';
import type { StartedSystem } from '../system/start-system.ts';
import { until } from './until.ts';

const WITHIN_MS = 600_000;
const LOOK_MS = 500;

/**
 * Resolves once the metrics service, which has just started, has counted the stored history: a million sessions that were copied are
 * two million events, and to read them takes a core and a half for minutes. Those who had queued them one by one would be long through it.
 */
export async function historyCounted({ url, apiKey }: StartedSystem): Promise<void> {
  const connection = new Connection(url, apiKey);
  const isCounted = async (): Promise<boolean> => (await connection.get('/metrics')).status === 200;
  const isThrough = await until(isCounted, { withinMs: WITHIN_MS, lookMs: LOOK_MS });
  connection.close();
  if (!isThrough) throw new Error('The stored history was not counted in time.');
}
