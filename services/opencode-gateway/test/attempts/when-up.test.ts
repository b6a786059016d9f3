import { InvalidError, UnavailableError } from '@oio/errors';
import test from 'ava';
import { whenUp } from '../../src/attempts/when-up.ts';
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
  t.is(await whenUp(link, () => Promise.resolve('done'), { signal, onTrouble }), 'done');
  t.is(told.length, 1);
});

test('a failure that passes is tried again, another one is thrown', async (t) => {
  const link = createServerLink('s');
  link.set(agent, { restarted: false });
  const failures = [new UnavailableError('connection lost'), new InvalidError('refused for good')];
  const told: string[] = [];
  const onTrouble = (error: Error): Promise<void> => Promise.resolve(void told.push(error.message));
  const task = (): Promise<never> => Promise.reject(failures.shift() ?? new Error('asked too often'));
  await t.throwsAsync(whenUp(link, task, { signal, onTrouble }), { message: 'refused for good' });
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
  await whenUp(link, task, { signal, onTrouble: async () => {} });
  const [first = 0, second = 0] = askedAtMs;
  t.true(second - first >= 890);
});

test('waiting for a server ends with the signal, and leaves nothing behind', async (t) => {
  const link = createServerLink('s');
  const stop = new AbortController();
  const waiting = whenUp(link, () => Promise.resolve(), { signal: stop.signal, onTrouble: () => Promise.resolve() });
  stop.abort(new Error('stopped'));
  await t.throwsAsync(waiting, { message: 'stopped' });
});
