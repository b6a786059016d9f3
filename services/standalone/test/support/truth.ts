import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionView, StoredSessionEvent } from '@oio/contracts';
import { readSnapshot, replay, type StoredSession } from '@oio/domain';
import { openDatabase, storedSession } from '@oio/persistence';
import type { ExecutionContext } from 'ava';
import type { Orchestrator } from './orchestrator.ts';
import type { Place } from './place.ts';

/** What lies behind the API: the managed OpenCode server and the embedded database, as their own files tell of them. */

interface OpenCodeMessage {
  readonly info: { readonly id: string; readonly role: string };
  readonly parts: readonly { readonly type: string; readonly text?: string }[];
}

export async function openCodePid({ data }: Pick<Place, 'data'>): Promise<number> {
  return (await openCodeState(data)).server.pid;
}

export async function openCodePassword({ data }: Pick<Place, 'data'>): Promise<string> {
  return (await openCodeState(data)).password;
}

export async function postgresPid({ data }: Pick<Place, 'data'>): Promise<number> {
  return Number((await postmasterLines(data))[0]);
}

export async function databaseUrl({ data }: Pick<Place, 'data'>): Promise<string> {
  const password = (await readFile(join(data, 'postgres', 'password'), 'utf8')).trim();
  const port = (await postmasterLines(data))[3];
  return `postgres://oio:${password}@127.0.0.1:${port}/oio`;
}

/** The messages of a session as the OpenCode server has them. */
export async function openCodeMessages(place: Place, session: SessionView): Promise<readonly OpenCodeMessage[]> {
  const path = `/session/${session.attempt?.openCodeSessionId}/message`;
  return (await askOpenCode(place, path, session)) as readonly OpenCodeMessage[];
}

/** The OpenCode sessions that are at work in the session's directory. */
export async function busySessions(place: Place, session: SessionView): Promise<readonly string[]> {
  return Object.keys((await askOpenCode(place, '/session/status', session)) as object);
}

/** The prompt stands once in OpenCode, under our id and with one text; the history is gapless and replays to what is stored. */
export async function assertUndamaged(
  t: ExecutionContext,
  place: Place,
  { client }: Pick<Orchestrator, 'client'>,
  id: string,
): Promise<void> {
  const session = await client.getSession({ id });
  const prompts = (await openCodeMessages(place, session)).filter(({ info }) => info.role === 'user');
  t.deepEqual(
    prompts.map(({ info, parts }) => [info.id, parts.filter(({ type }) => type === 'text').map(({ text }) => text)]),
    [[session.attempt?.messageId, [session.prompt]]],
  );
  const { events } = await client.getHistory({ id, limit: 200 });
  t.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
  );
  await using database = await openDatabase(await databaseUrl(place), { connections: 1 });
  const sql = `select ${storedSession('sessions')} from sessions where id = $1::uuid`;
  const [row] = await database.query<StoredSession>(sql, [id]);
  const replayed = replay(events as unknown as readonly StoredSessionEvent[]);
  t.deepEqual(JSON.parse(JSON.stringify(replayed)), row && readSnapshot(row));
}

async function askOpenCode(place: Place, path: string, { workspaceInUse }: SessionView): Promise<unknown> {
  const { port, password } = await openCodeState(place.data);
  const query = new URLSearchParams({ directory: workspaceInUse?.path ?? '' });
  const response = await fetch(`http://127.0.0.1:${port}${path}?${query.toString()}`, {
    headers: { authorization: `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}` },
  });
  return response.json();
}

interface OpenCodeState {
  readonly port: number;
  readonly password: string;
  readonly server: { readonly pid: number };
}

async function openCodeState(data: string): Promise<OpenCodeState> {
  return JSON.parse(await readFile(join(data, 'opencode', 'server.json'), 'utf8')) as OpenCodeState;
}

async function postmasterLines(data: string): Promise<string[]> {
  return (await readFile(join(data, 'postgres', 'data', 'postmaster.pid'), 'utf8')).split('\n');
}
