import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'ava';
import { endProcesses } from '../../src/managed-server/end-processes.ts';
import { findProcess, isAlive, listProcesses, type ProcessEntry } from '../../src/managed-server/process-table.ts';

const SCRIPT = `
  trap "" TERM
  setsid sh -c 'echo session $$; exec sleep 97.5' &
  env -i sh -c 'echo unmarked $$; exec sleep 97.6' &
  (sh -c 'echo orphan $$; exec sleep 97.7' &)
  echo ready $$
  wait; sleep 97.8
`;

test('a stubborn process ends, with its children, those in other sessions, and those that it lost', async (t) => {
  const mark = `OIO_TEST_MARK=${process.pid}-${t.title.length}`;
  const [name = '', value] = mark.split('=');
  const child = spawn('sh', ['-c', SCRIPT], {
    env: { ...process.env, [name]: value },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const pids = new Map<string, number>();
  for await (const line of createInterface({ input: child.stdout })) {
    const [who = '', pid] = line.split(' ');
    pids.set(who, Number(pid));
    if (pids.size === 4) break;
  }
  const entries = [...pids.values()].flatMap((pid) => findProcess(pid) ?? []);
  t.is(entries.length, 4);
  const server = entries.find(({ pid }) => pid === child.pid) ?? null;

  const exit = once(child, 'exit');
  t.deepEqual(await endProcesses({ server, mark, graceMs: 50 }), []);
  await exit;
  t.deepEqual(entries.filter(isAlive), []);
});

test('what somebody else’s process is called or numbered does not matter, only that it is the very one', async (t) => {
  const child = spawn('sleep', ['97.9']);
  t.teardown(() => child.kill());
  const entry = findProcess(child.pid ?? 0) as ProcessEntry;
  t.true(isAlive(entry));
  t.false(isAlive({ ...entry, startedAt: 'another time' }));
  await endProcesses({ server: { ...entry, startedAt: 'another time' }, mark: 'OIO_TEST_MARK=nobody', graceMs: 10 });
  t.true(isAlive(entry));
  const exit = once(child, 'exit');
  child.kill();
  await exit;
  t.false(isAlive(entry));
});

test('this process is among those that run, under its own parent', (t) => {
  const own = listProcesses().find(({ pid }) => pid === process.pid);
  t.is(own?.parentPid, process.ppid);
  t.is(findProcess(2 ** 30), null);
});
