import { Connection } from '../client/connection.ts';
import type { StartedSystem } from '../system/start-system.ts';

/** As the body of `PUT /v1/limits`. */
export const NOTHING_RUNS = { limits: [{ scope: 'global', concurrent: 0 }] };

export async function setLimits({ url, apiKey }: StartedSystem, limits: object): Promise<void> {
  const connection = new Connection(url, apiKey);
  const { status, body } = await connection.put('/v1/limits', JSON.stringify(limits));
  connection.close();
  if (status !== 200) throw new Error(`The limits were refused: ${status} ${body.slice(0, 300)}`);
}
