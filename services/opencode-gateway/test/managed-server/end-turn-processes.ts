import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { endTurnProcesses } from '../../src/managed-server/end-turn-processes.ts';
import { findProcess, isAlive, type ProcessEntry } from '../../src/managed-server/process-table.ts';
import { PASSWORD_VARIABLE, SESSION_MARKER } from '../../src/managed-server/server-environment.ts';

const PASSWORD = `password-${process.pid}`;

/** A process that runs on until the test ends. Its standard output tells the numbers of those that it started. */
function begin(t: ExecutionContext, environment: Record<string, string>, script = 'exec sleep 97.4') {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  const child = spawn('sh', ['-c', script], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

async function firstLine(child: ReturnType<typeof begin>): Promise<number> {
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return Number(line);
}

test('what the tools of a session have left is ended wherever it hides, and nothing of another session', async (t) => {
  begin(t, { [PASSWORD_VARIABLE]: PASSWORD });
  const own = `ses_${process.pid}`;
  // In a session of its own, without its parent, deaf to SIGTERM; and a child of it that has another environment.
  const hidden = await firstLine(
    begin(
      t,
      { [SESSION_MARKER]: own },
      `trap "" TERM; setsid sh -c 'trap "" TERM; echo $$; env -i sleep 97.1; sleep 97.2' & exit 0`,
    ),
  );
  const other = begin(t, { [SESSION_MARKER]: `${own}x` });
  const before = [hidden, other.pid ?? 0].map((pid) => findProcess(pid) as ProcessEntry);
  const outcome = await endTurnProcesses(PASSWORD, ['ses_nobody', own]);
  t.deepEqual(
    outcome?.ended.map(({ name }) => name),
    ['sh', 'sleep'],
  );
  t.deepEqual(outcome?.left, []);
  t.deepEqual(before.map(isAlive), [false, true]);
  t.deepEqual(await endTurnProcesses(PASSWORD, [own]), { ended: [], left: [] });
});

test('where the server itself cannot be seen nothing is said of its processes', async (t) => {
  t.is(await endTurnProcesses(`${PASSWORD}, another one`, ['ses_1']), null);
});
