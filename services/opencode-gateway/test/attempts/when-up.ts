import { InvalidError, UnavailableError } from '@oio/errors';
import test from 'ava';
import { RunFailure } from '../../src/attempts/run-failure.ts';
import { whenUp, within } from '../../src/attempts/when-up.ts';
import type { AgentServer } from '../../src/ports.ts';
import { createServerLink } from '../../src/server-link.ts';

const agent = {} as AgentServer;
const signal = new AbortController().signal;

test('what a server that is down cannot do is told, and done once it is up', async (t) => {
  const link = createServerLink('s');
  const told: string[] = [];
  const onTrouble = (error: Error): Promise<void> => {
    told.push(error.message);
    link.set(agent, { restarted: true });
    return Promise.resolve();
  };
  t.is(await whenUp(link, () => Promise.resolve('done'), { signal, onTrouble, connectMs: 60_000 }), 'done');
  t.is(told.length, 1);
});

test('a failure that passes is tried again, another one is thrown', async (t) => {
  const link = createServerLink('s');
  link.set(agent, { restarted: false });
  const failures = [new UnavailableError('connection lost'), new InvalidError('refused for good')];
  const told: string[] = [];
  const onTrouble = (error: Error): Promise<void> => Promise.resolve(void told.push(error.message));
  const task = (): Promise<never> => Promise.reject(failures.shift() ?? new Error('asked too often'));
  await t.throwsAsync(whenUp(link, task, { signal, onTrouble, connectMs: 60_000 }), { message: 'refused for good' });
  t.deepEqual(told, ['connection lost']);
});

test('a server that asks to slow down is left alone for that long', async (t) => {
  const link = createServerLink('s');
  link.set(agent, { restarted: false });
  const busy = new UnavailableError('slow down', { code: 'rate_limited', retryAfterMs: 900 });
  const failures = [busy];
  const askedAtMs: number[] = [];
  const task = async (): Promise<void> => {
    askedAtMs.push(performance.now());
    const failure = failures.shift();
    if (failure) throw failure;
  };
  await whenUp(link, task, { signal, onTrouble: async () => {}, connectMs: 60_000 });
  const [first = 0, second = 0] = askedAtMs;
  t.true(second - first >= 890);
});

test('waiting for a server ends with the signal, and leaves nothing behind', async (t) => {
  const link = createServerLink('s');
  const stop = new AbortController();
  const waiting = whenUp(link, () => Promise.resolve(), {
    signal: stop.signal,
    onTrouble: () => Promise.resolve(),
    connectMs: 60_000,
  });
  stop.abort(new Error('stopped'));
  await t.throwsAsync(waiting, { message: 'stopped' });
});

test('a server that stays down is given up when its clock is over', async (t) => {
  const link = createServerLink('s');
  const beganAtMs = performance.now();
  const waiting = whenUp(link, async () => {}, { signal, onTrouble: async () => {}, connectMs: 1_500 });
  const error = await t.throwsAsync(waiting, { instanceOf: RunFailure });
  t.is(error.failure.code, 'server_unreachable');
  const tookMs = performance.now() - beganAtMs;
  t.true(tookMs >= 1_400 && tookMs < 15_000, `${tookMs}`);
});

test('a single failure after the clock is over may be due to a pause of this process: it is tried once more', async (t) => {
  const link = createServerLink('s');
  link.set(agent, { restarted: false });
  const failures = [new UnavailableError('frozen'), new UnavailableError('gone')];
  const task = async (): Promise<string> => {
    const failure = failures.shift();
    if (failure) throw failure;
    return 'done';
  };
  const patience = { signal, onTrouble: async () => {}, connectMs: 10, reachedAtMs: () => performance.now() - 60_000 };
  await t.throwsAsync(whenUp(link, task, patience), { instanceOf: RunFailure, message: 'gone' });
  failures.push(new UnavailableError('frozen'));
  t.is(await whenUp(link, task, patience), 'done');
});

test('what takes too long is a time-out, and what nobody waits for any more ends with its reason', async (t) => {
  const never = new Promise<never>(() => {});
  await t.throwsAsync(within(never, { ms: 20, message: 'Too slow.', signal }), { message: 'Too slow.' });
  t.is(await within(Promise.resolve(1), { ms: 1_000, message: 'Too slow.', signal }), 1);
  const stop = new AbortController();
  const waiting = within(never, { ms: 60_000, message: 'Too slow.', signal: stop.signal });
  stop.abort(new Error('stopped'));
  await t.throwsAsync(waiting, { message: 'stopped' });
});
