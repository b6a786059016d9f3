import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { EXIT_CODE } from '@oio/errors';
import test from 'ava';

/** The process under test, with what it said so far; it is ended with its scope. */
class Child implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  output = '';
  errors = '';

  constructor(conduct: string, stopWithinMs = 25_000, whenRefused: 'exit' | 'wait' = 'exit') {
    const script = join(import.meta.dirname, 'run-main-child.ts');
    this.process = spawn(process.execPath, [script, conduct, String(stopWithinMs), whenRefused], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.exit = new Promise((resolve) => this.process.once('close', (code, signal) => resolve({ code, signal })));
  }

  said(word: string): Promise<void> {
    return this.#until(() => this.output.includes(word), this.process.stdout);
  }

  complained(word: string): Promise<void> {
    return this.#until(() => this.errors.includes(word), this.process.stderr);
  }

  async #until(isSo: () => boolean, stream: ChildProcess['stdout']): Promise<void> {
    while (!isSo()) {
      const data = stream ? once(stream, 'data') : this.exit;
      await Promise.race([data, this.exit.then(() => Promise.reject(new Error(`Ended early: ${this.errors}`)))]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL');
    await this.exit;
  }
}

test('what a process cannot start for is told in words without a stack, with its exit code', async (t) => {
  await using child = new Child('startupError');
  t.deepEqual(await child.exit, { code: EXIT_CODE.unavailable, signal: null });
  t.is(child.errors, 'Port 8000 is taken; set API_PORT.\n');
});

for (const [conduct, reason, output] of [
  ['refused', 'Wrong settings: API_PORT', ''],
  ['refusedLater', 'NATS refuses the credentials.', 'ready\ndisposed\n'],
] as const) {
  test(`what would end in the same way again says why and waits, if it shall, for its end: ${conduct}`, async (t) => {
    // That is no stop, which would be over by then.
    await using child = new Child(conduct, 1, 'wait');
    await child.complained('waits to be stopped');
    child.process.kill('SIGUSR2');
    await child.said('still there');
    child.process.kill('SIGTERM');
    t.deepEqual(await child.exit, { code: EXIT_CODE.config, signal: null });
    t.is(child.output, `${output}still there\n`);
    t.regex(child.errors, /^.+\nIt is not tried again\. [^\n]+ exit code 78\.\n$/);
    t.true(child.errors.startsWith(`${reason}\n`));
  });
}

for (const [conduct, code] of [
  ['startupError', EXIT_CODE.unavailable],
  ['bug', 70],
] as const) {
  test(`what may start at another time, or is a bug, ends all the same: ${conduct}`, async (t) => {
    await using child = new Child(conduct, 300, 'wait');
    t.deepEqual(await child.exit, { code, signal: null });
  });
}

test('a bug at the start is told with its stack and cause, without secrets, and exit code 70', async (t) => {
  await using child = new Child('bug');
  t.deepEqual(await child.exit, { code: 70, signal: null });
  t.regex(child.errors, /TypeError: .*is not a function\n +at .*run-main-child\.ts/);
  t.regex(child.errors, /the reason/);
  t.notRegex(child.errors, /hunter2/);
});

test('something thrown that is no error is a bug as well', async (t) => {
  await using child = new Child('notAnError');
  t.deepEqual(await child.exit, { code: 70, signal: null });
  t.regex(child.errors, /a bare string/);
});

for (const conduct of ['rejectsLater', 'throwsLater']) {
  test(`a bug that nobody catches ends the running process with its stack and exit code 70: ${conduct}`, async (t) => {
    await using child = new Child(conduct);
    t.deepEqual(await child.exit, { code: 70, signal: null });
    t.regex(child.errors, /Error: .*\n +at /);
  });
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal} stops the process, which disposes of everything and ends with 0`, async (t) => {
    await using child = new Child('runs');
    await child.said('ready');
    child.process.kill(signal);
    t.deepEqual(await child.exit, { code: 0, signal: null });
    t.is(child.output, 'ready\ndisposed\n');
    t.is(child.errors, '');
  });
}

test('a signal during the start stops the process as soon as it has started', async (t) => {
  await using child = new Child('startsSlowly');
  await child.said('starting');
  child.process.kill('SIGTERM');
  t.deepEqual(await child.exit, { code: 0, signal: null });
  t.is(child.output, 'starting\nready\ndisposed\n');
});

test('a start that does not end after a signal is ended by force', async (t) => {
  await using child = new Child('neverStarts', 300);
  await child.said('starting');
  child.process.kill('SIGTERM');
  t.deepEqual(await child.exit, { code: 70, signal: null });
  t.is(child.errors, 'Did not stop within 0.3 s; ended by force.\n');
});

test('a start that gives up waiting because of a signal is no failure', async (t) => {
  await using child = new Child('waitsAtStart');
  await child.said('waiting');
  child.process.kill('SIGTERM');
  t.deepEqual(await child.exit, { code: 0, signal: null });
  t.is(child.errors, '');
});

test('what cannot go on is disposed of, and its reason told with its exit code', async (t) => {
  await using child = new Child('failsLater');
  t.deepEqual(await child.exit, { code: 69, signal: null });
  t.is(child.output, 'ready\ndisposed\n');
  t.is(child.errors, 'NATS has closed the connection.\n');
});

test('what cannot go on and does not stop either is ended by force', async (t) => {
  await using child = new Child('failsLaterAndHangs', 300);
  t.deepEqual(await child.exit, { code: 70, signal: null });
  t.is(child.errors, 'Did not stop within 0.3 s; ended by force.\n');
});

test('a stop that hangs is ended by force', async (t) => {
  await using child = new Child('hangs', 300);
  await child.said('ready');
  child.process.kill('SIGTERM');
  t.deepEqual(await child.exit, { code: 70, signal: null });
  t.is(child.output, 'ready\ndisposing\n');
});

test('a stop that fails is a bug', async (t) => {
  await using child = new Child('failsToStop');
  await child.said('ready');
  child.process.kill('SIGTERM');
  t.deepEqual(await child.exit, { code: 70, signal: null });
  t.regex(child.errors, /the disk is full/);
});

test('a second signal ends the process at once, but not one that comes with the same key press', async (t) => {
  await using child = new Child('hangs');
  await child.said('ready');
  child.process.kill('SIGTERM');
  await child.said('disposing');
  const askedAtMs = performance.now();
  const again = setInterval(() => child.process.kill('SIGINT'), 50);
  const exit = await child.exit.finally(() => clearInterval(again));
  t.deepEqual(exit, { code: 130, signal: null });
  const tookMs = performance.now() - askedAtMs;
  t.true(tookMs > 300 && tookMs < 10_000, `${tookMs} ms`);
});

test('a process whose output nobody reads any more goes on and stops as usual', async (t) => {
  await using child = new Child('runs');
  await child.said('ready');
  child.process.stdout?.destroy();
  child.process.stderr?.destroy();
  child.process.kill('SIGTERM');
  t.deepEqual(await child.exit, { code: 0, signal: null });
});
