import { EXIT_CODE, StartupError } from '@oio/errors';
import { type Running, runMain } from '../src/run-main.ts';

/**
 * A process for the tests of runMain: the first argument says what it does, the second how long it may take to stop, the third
 * whether it waits when it is refused.
 */
const [conduct = '', stopWithinMs = '25000', whenRefused = 'exit'] = process.argv.slice(2);
process.on('SIGUSR2', () => say('still there'));
const say = (what: string): boolean => process.stdout.write(`${what}\n`);

const STARTS: Record<string, (stopping: AbortSignal) => Promise<Running>> = {
  async startupError() {
    throw new StartupError('Port 8000 is taken; set API_PORT.', EXIT_CODE.unavailable, {
      cause: new Error('EADDRINUSE'),
    });
  },
  async refused() {
    throw new StartupError('Wrong settings: API_PORT', EXIT_CODE.config);
  },
  async refusedLater() {
    const running = serving(async () => {
      say('disposed');
    });
    const failed = Promise.reject(new StartupError('NATS refuses the credentials.', EXIT_CODE.config));
    return { failed, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
  },
  async bug() {
    throw new TypeError('postgres://oio:hunter2@db/oio is not a function', { cause: new Error('the reason') });
  },
  async notAnError() {
    throw 'a bare string' as unknown as Error;
  },
  async runs() {
    return serving(async () => {
      say('disposed');
      // Long enough for the answer to what was said to arrive.
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    });
  },
  async failsToStop() {
    return serving(async () => {
      throw new Error('the disk is full');
    });
  },
  async hangs() {
    return serving(() => {
      say('disposing');
      return new Promise(() => {});
    });
  },
  async startsSlowly() {
    await asksToStop('starting');
    return serving(async () => {
      say('disposed');
    });
  },
  async neverStarts() {
    await asksToStop('starting');
    return new Promise(() => {});
  },
  async waitsAtStart(stopping) {
    say('waiting');
    // Keeps the process alive, as a connection would that is tried again and again.
    setInterval(() => {}, 60_000);
    return new Promise((_resolve, reject) => {
      stopping.addEventListener('abort', () => reject(stopping.reason as Error));
    });
  },
  async failsLater() {
    const running = serving(async () => {
      say('disposed');
    });
    const failed = new Promise<never>((_resolve, reject) => {
      setImmediate(() => reject(new StartupError('NATS has closed the connection.', EXIT_CODE.unavailable)));
    });
    return { failed, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
  },
  async failsLaterAndHangs() {
    const running = serving(() => new Promise(() => {}));
    const failed = Promise.reject(new StartupError('NATS has closed the connection.', EXIT_CODE.unavailable));
    return { failed, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
  },
  async rejectsLater() {
    setImmediate(() => {
      Promise.reject(new Error('nobody awaits this')).catch((error: unknown) => {
        throw error;
      });
    });
    return serving(async () => {
      say('disposed');
    });
  },
  async throwsLater() {
    setImmediate(() => {
      throw new Error('thrown in a timer');
    });
    return serving(async () => {
      say('disposed');
    });
  },
};

await runMain(STARTS[conduct] ?? STARTS['bug'] ?? (() => Promise.reject(new Error('no such conduct'))), {
  stopWithinMs: Number(stopWithinMs),
  waitsWhenRefused: whenRefused === 'wait',
});

/** Something that keeps the process alive until it is disposed of. */
function serving(dispose: () => Promise<void>): AsyncDisposable {
  const alive = setInterval(() => {}, 60_000);
  say('ready');
  return {
    async [Symbol.asyncDispose]() {
      await dispose();
      clearInterval(alive);
    },
  };
}

/** Says so and waits for the first signal, as a start that takes its time. */
async function asksToStop(what: string): Promise<void> {
  say(what);
  const alive = setInterval(() => {}, 60_000);
  await new Promise((resolve) => process.once('SIGTERM', resolve));
  clearInterval(alive);
}
