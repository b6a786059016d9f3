import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { type ProcessPlan, type SupervisedProcess, superviseProcess } from '../supervise-process.ts';

test('a process that dies is started again, and it is said how it ended', async (t) => {
  await using watched = supervise('process.stdout.write("up\\n"); setInterval(() => {}, 1000);');
  const pid = await pidOf(watched.process);
  await eventually(() => watched.lines.length === 1, { what: 'the first line' });
  process.kill(pid, 'SIGKILL');
  await eventually(() => watched.lines.length === 2, { what: 'the line of the second process' });
  t.deepEqual(watched.ended, [{ how: 'was ended by SIGKILL', againInMs: 500 }]);
  t.not(await pidOf(watched.process), pid);
});

test('a process that cannot start with its settings is given up with its exit code', async (t) => {
  await using watched = supervise('console.error("DATABASE_URL: is needed"); process.exit(78);');
  t.is(await watched.process.givenUp, 78);
  t.deepEqual(watched.lines, ['DATABASE_URL: is needed']);
  t.deepEqual(watched.ended, [{ how: 'ended with exit code 78', againInMs: null }]);
  t.is(watched.process.pid, undefined);
});

test('a program that is not there is tried again like one that dies', async (t) => {
  await using watched = supervise('', { command: '/no/such/program' });
  await eventually(() => watched.ended.length === 1, { what: 'the end' });
  t.regex(watched.ended[0]?.how ?? '', /could not be started: .*ENOENT/);
});

test('a stop is polite first and waits for the end', async (t) => {
  const watched = supervise(
    'process.on("SIGTERM", () => { console.log("bye"); process.exit(0); }); console.log("up"); setInterval(() => {}, 1000);',
  );
  await eventually(() => watched.lines.length === 1, { what: 'its start' });
  await watched.process[Symbol.asyncDispose]();
  t.deepEqual(watched.lines, ['up', 'bye']);
  t.deepEqual(watched.ended, []);
});

test('a process that does not stop is killed', async (t) => {
  const stubborn = 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000);';
  const watched = supervise(stubborn, { stopWithinMs: 200 });
  await eventually(() => watched.lines.length === 1, { what: 'its start' });
  const pid = await pidOf(watched.process);
  await watched.process[Symbol.asyncDispose]();
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

function supervise(script: string, plan: Partial<ProcessPlan> = {}) {
  const lines: string[] = [];
  const ended: { how: string; againInMs: number | null }[] = [];
  const supervised = superviseProcess(
    {
      name: 'child',
      command: process.execPath,
      args: ['-e', script],
      environment: { PATH: process.env['PATH'] },
      stopWithinMs: 10_000,
      isFinal: (exitCode) => exitCode === 78,
      ...plan,
    },
    { onLine: (line) => void lines.push(line), onEnded: (news) => void ended.push(news) },
  );
  return { process: supervised, lines, ended, [Symbol.asyncDispose]: () => supervised[Symbol.asyncDispose]() };
}

function pidOf(supervised: SupervisedProcess): Promise<number> {
  return eventually(() => supervised.pid, { what: 'the process' });
}
