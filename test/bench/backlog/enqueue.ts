import { Connection } from '../client/connection.ts';
import { submission } from '../client/submission.ts';
import type { System } from '../system/system.ts';

/** Sessions of one request, the most that it may have; and requests under way at a time. */
const AT_ONCE = 1_000;
const CONNECTIONS = 4;

/** Submits so many sessions of five priorities over the API, many in each request. Returns how many became durable per second. */
export async function enqueue(system: System, count: number): Promise<number> {
  const connections = Array.from({ length: CONNECTIONS }, () => new Connection(system.url, system.apiKey));
  const bodies = bodiesOf(system, count);
  const startedMs = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      for (let body = bodies.pop(); body; body = bodies.pop()) await submit(connection, body);
    }),
  );
  const tookMs = performance.now() - startedMs;
  for (const connection of connections) connection.close();
  return count / (tookMs / 1_000);
}

/** Made before anything is measured. */
function bodiesOf({ directories }: System, count: number): { readonly text: string; readonly sessions: number }[] {
  const priorities = ['critical', 'high', 'medium', 'low', 'deferred'];
  const session = (_none: unknown, index: number) => ({
    ...submission(directories[index % directories.length] ?? ''),
    priority: priorities[index % priorities.length],
  });
  return Array.from({ length: Math.ceil(count / AT_ONCE) }, (_none, index) => {
    const sessions = Array.from({ length: Math.min(AT_ONCE, count - index * AT_ONCE) }, session);
    return { text: JSON.stringify({ sessions }), sessions: sessions.length };
  });
}

/** Throws unless all of them were accepted. */
async function submit(connection: Connection, { text, sessions }: ReturnType<typeof bodiesOf>[number]): Promise<void> {
  const { status, body } = await connection.post('/v1/sessions/batch', text);
  const accepted = status === 200 ? (JSON.parse(body) as { accepted: unknown[] }).accepted.length : 0;
  if (accepted !== sessions) throw new Error(`${accepted} of ${sessions} accepted: ${status} ${body.slice(0, 300)}`);
}
