import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '@oio/runtime';
import test from 'ava';
import { enteringCommand, findCgroups } from '../../src/cgroups/find-cgroups.ts';
import { abandonedSessions, endAbandonedDedicated } from '../../src/managed-server/abandoned-dedicated.ts';
import { dedicatedCgroup, dedicatedDirectory } from '../../src/managed-server/dedicated-server.ts';
import { findProcess, isAlive } from '../../src/managed-server/process-table.ts';
import { MARKER, serverPaths } from '../../src/managed-server/server-environment.ts';
import { writeState } from '../../src/managed-server/state-file.ts';

const cgroups = await findCgroups(null);

test('the server of a session whose gateway has died is found, and ended with what it started', async (t) => {
  await using abandoned = await abandonServer();
  const { place, sessionId, server } = abandoned;
  t.deepEqual(await abandonedSessions(place), [sessionId]);
  t.regex((await endAbandonedDedicated(place, sessionId)) ?? '', /was ended/);
  t.false(isAlive(server));
  t.deepEqual(await abandonedSessions(place), []);
});

test('one that somebody looks after is not abandoned', async (t) => {
  const keeper = { pid: process.pid, startedAt: findProcess(process.pid)?.startedAt ?? '' };
  await using abandoned = await abandonServer(keeper);
  t.deepEqual(await abandonedSessions(abandoned.place), []);
});

test('a session without a server of its own has nothing to end', async (t) => {
  const place = { root: '/nonexistent', cgroups: async () => cgroups };
  t.is(await endAbandonedDedicated(place, newId()), null);
  t.deepEqual(await abandonedSessions(place), []);
});

/** Something that runs as the server of a session would, in a cgroup where that is possible. */
async function abandonServer(keeper: { pid: number; startedAt: string } | null = null) {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'oio-dedicated-')));
  const sessionId = newId();
  const directory = dedicatedDirectory(root, sessionId);
  await mkdir(directory, { recursive: true });
  const place = { root, cgroups: async () => cgroups };
  const canHold = Object.values(cgroups.obstacles).includes(null);
  const cgroup = canHold ? cgroups.open(dedicatedCgroup(sessionId), { cpuLimit: null, memoryLimitMb: null }) : null;
  const [program = '', ...args] = enteringCommand(cgroup?.entrances ?? [], ['/bin/sleep', '600']);
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, [MARKER]: directory } });
  await once(child, 'spawn');
  const server = findProcess(child.pid ?? 0) ?? { pid: 0, startedAt: '' };
  const known = { id: newId(), port: 1, password: 'a password of some length', configHash: '' };
  await writeState(serverPaths(directory).state, {
    ...known,
    server: { pid: server.pid, startedAt: server.startedAt },
    keeper,
  });
  return {
    place,
    sessionId,
    server,
    async [Symbol.asyncDispose]() {
      await endAbandonedDedicated(place, sessionId);
      await rm(root, { recursive: true, force: true });
    },
  };
}
