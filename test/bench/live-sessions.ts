import { eventually } from '@oio/runtime/testing';
import { Connection } from './client/connection.ts';
import { submission } from './client/submission.ts';
import type { System } from './system/system.ts';

const CONNECTIONS = 16;

/** Submits a session to each directory of the system and waits until all of them run. Returns their ids. */
export async function startLiveSessions({ url, apiKey, directories }: System): Promise<string[]> {
  const connections = Array.from({ length: CONNECTIONS }, () => new Connection(url, apiKey));
  const left = [...directories];
  const ids: string[] = [];
  const submitAll = async (connection: Connection): Promise<void> => {
    for (let directory = left.pop(); directory !== undefined; directory = left.pop()) {
      const { status, body } = await connection.post('/v1/sessions', JSON.stringify(submission(directory)));
      if (status !== 201) throw new Error(`${status} ${body.slice(0, 300)}`);
      ids.push((JSON.parse(body) as { id: string }).id);
    }
  };
  await Promise.all(connections.map(submitAll));
  const [first] = connections;
  await eventually(
    async () => {
      const answer = await first?.get('/v1/sessions?status=queued&limit=1');
      return answer?.status === 200 && answer.body.startsWith('{"sessions":[]');
    },
    { what: 'all sessions to run', everyMs: 100 },
  );
  for (const connection of connections) connection.close();
  return ids;
}
