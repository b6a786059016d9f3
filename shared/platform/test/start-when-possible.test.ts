import { ForbiddenError, StartupError, UnavailableError } from '@oio/errors';
import { createLogger } from '@oio/runtime';
import test from 'ava';
import { Readiness } from '../src/readiness.ts';
import { startWhenPossible } from '../src/start-when-possible.ts';

test('a start that is broken off by a lost dependency is tried again', async (t) => {
  const { parts, lines } = world();
  let tries = 0;
  const start = async (): Promise<string> => {
    tries += 1;
    if (tries < 3) throw new UnavailableError('NATS cannot be reached at the moment.');
    return 'started';
  };
  t.is(await startWhenPossible(start, parts), 'started');
  t.is(lines.length, 2);
  t.deepEqual((await parts.readiness.report()).reasons, ['The process is starting.']);
});

test('a start that is refused something ends with a sentence', async (t) => {
  const start = (): Promise<never> =>
    Promise.reject(new ForbiddenError('NATS does not let this user subscribe to "a".'));
  const error = await t.throwsAsync(() => startWhenPossible(start, world().parts), { instanceOf: StartupError });
  t.is(error.exitCode, 78);
  t.is(error.message, 'The service cannot start: NATS does not let this user subscribe to "a".');
});

test('a bug in a start is not hidden', async (t) => {
  const bug = new TypeError('x is not a function');
  t.is(await t.throwsAsync(() => startWhenPossible(() => Promise.reject(bug), world().parts)), bug);
});

test('a start that is tried again gives up when the process shall stop', async (t) => {
  const { parts, stop } = world();
  const start = (): Promise<never> => {
    stop.abort();
    return Promise.reject(new UnavailableError('away'));
  };
  t.is(await t.throwsAsync(() => startWhenPossible(start, parts)), stop.signal.reason);
});

function world() {
  const lines: string[] = [];
  const stop = new AbortController();
  const logger = createLogger('test', { destination: { write: (line) => void lines.push(line) } });
  return { lines, stop, parts: { logger, readiness: new Readiness(), stopping: stop.signal } };
}
