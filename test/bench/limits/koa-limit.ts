import { join } from 'node:path';
import { startChild } from '../child-process.ts';
import { Connection } from '../client/connection.ts';
import { submission } from '../client/submission.ts';
import { type Rate, type RateOptions, rateOf } from './rate.ts';

const API_KEY = 'bench-key-0123456789-0123456789-0123';

/** Requests of 1 KB per second that the API's own app takes when there is nothing behind it. */
export async function measureKoa(clients: number, { ms, processes }: Omit<RateOptions, 'lanes'>): Promise<Rate> {
  const script = join(import.meta.dirname, 'koa-main.ts');
  await using server = startChild<{ readonly url: string }>({ script, environment: { API_KEY } });
  const { url } = await server.next();
  const connections = Array.from({ length: clients }, () => new Connection(url, API_KEY));
  const body = JSON.stringify(submission('/bench'));
  const post = async (lane: number): Promise<void> => {
    const answer = await connections[lane]?.post('/v1/sessions', body);
    if (answer?.status !== 201) throw new Error(`${answer?.status} ${answer?.body}`);
  };
  const rate = await rateOf(post, { lanes: clients, ms, processes: { ...processes, koa: server.pid } });
  for (const connection of connections) connection.close();
  return rate;
}
