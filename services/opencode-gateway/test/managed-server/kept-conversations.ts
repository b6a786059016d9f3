import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createLogger } from '@oio/runtime';
import test from 'ava';
import { findCgroups } from '../../src/cgroups/find-cgroups.ts';
import { dedicatedDirectory } from '../../src/managed-server/dedicated-server.ts';
import { conversationDatabase, forgetConversations } from '../../src/managed-server/kept-conversations.ts';
import { serverPaths } from '../../src/managed-server/server-environment.ts';
import { sweepDedicated } from '../../src/managed-server/sweep-dedicated.ts';

const cgroups = await findCgroups(null);
const DAY_MS = 86_400_000;

/** The data of a session that is over, after a sweep. */
async function swept(root: string, session: { readonly id: string; readonly deleted: boolean }): Promise<void> {
  const { database } = serverPaths(dedicatedDirectory(root, session.id));
  await mkdir(dirname(database), { recursive: true });
  await writeFile(database, `of ${session.id}`);
  await writeFile(`${database}-wal`, 'its end');
  await sweepDedicated({
    place: { root, cgroups: async () => cgroups },
    sessions: { atRest: async () => [], over: async (ids) => (ids.includes(session.id) ? [session] : []) },
    logger: createLogger('opencode-gateway', { level: 'silent' }),
  });
}

async function makeRoot() {
  const root = await mkdtemp(join(tmpdir(), 'oio-kept-'));
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}

test('the conversation of a session that is over is kept with its end, and nothing else of its data', async (t) => {
  await using place = await makeRoot();
  await swept(place.root, { id: 'one', deleted: false });
  const kept = conversationDatabase(place.root, 'one') ?? '';
  t.is(await readFile(kept, 'utf8'), 'of one');
  t.is(await readFile(`${kept}-wal`, 'utf8'), 'its end');
  t.false(existsSync(dedicatedDirectory(place.root, 'one')));
});

test('that of a session that was deleted is not kept', async (t) => {
  await using place = await makeRoot();
  await swept(place.root, { id: 'one', deleted: true });
  t.is(conversationDatabase(place.root, 'one'), null);
});

test('it is kept for two weeks', async (t) => {
  await using place = await makeRoot();
  await swept(place.root, { id: 'one', deleted: false });
  await forgetConversations(place.root, Date.now() + 13 * DAY_MS);
  t.not(conversationDatabase(place.root, 'one'), null);
  await forgetConversations(place.root, Date.now() + 15 * DAY_MS);
  t.is(conversationDatabase(place.root, 'one'), null);
});
