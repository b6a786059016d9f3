import { Client } from 'pg';

/** What the task makes of a connection of its own to the server's own database; it is closed afterwards. */
export async function connected<T>(server: string, task: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: server });
  try {
    await client.connect();
    return await task(client);
  } finally {
    await client.end();
  }
}
