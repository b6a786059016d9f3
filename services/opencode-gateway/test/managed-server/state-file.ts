import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readState, writeState } from '../../src/managed-server/state-file.ts';
import { makePlace } from '../support/real-server.ts';

const who = { pid: 5, startedAt: 'boot:1' };
const state = { id: 'a', port: 4096, password: 'x'.repeat(20), configHash: 'h', server: who, keeper: who };

test('a state comes back as it was written, and only its owner can read it', async (t) => {
  await using place = await makePlace();
  const path = join(place.root, 'server.json');
  await writeState(path, { ...state, server: null });
  await writeState(path, state);
  t.deepEqual(await readState(path), state);
  t.is((await stat(path)).mode & 0o777, 0o600);
});

test('a missing or damaged state is none', async (t) => {
  await using place = await makePlace();
  const path = join(place.root, 'server.json');
  t.is(await readState(path), null);
  for (const content of ['', '{"id":', 'null', '{"id":"a","port":0}']) {
    await writeFile(path, content);
    t.is(await readState(path), null, content);
  }
});
