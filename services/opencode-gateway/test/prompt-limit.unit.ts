import { UnavailableError } from '@oio/errors';
import { createLogger } from '@oio/runtime';
import test from 'ava';
import { createPromptLimit } from '../src/prompt-limit.ts';

const logger = createLogger('test', { level: 'silent' });
const away = {
  take: async () => {
    throw new UnavailableError('Redis is away.', { code: 'redis_unreachable' });
  },
};

test('a prompt waits for its turn and is not refused', async (t) => {
  const limit = createPromptLimit({ turns: { take: async () => 30 }, substitute: away, logger });
  const beganMs = performance.now();
  await limit('a')(new AbortController().signal);
  t.true(performance.now() - beganMs >= 29);
});

test('whoever is stopped waits no longer', async (t) => {
  const limit = createPromptLimit({ turns: { take: async () => 3_600_000 }, substitute: away, logger });
  const stop = new AbortController();
  const waiting = limit('a')(stop.signal);
  stop.abort(new Error('stopped'));
  await t.throwsAsync(waiting, { name: 'AbortError' });
});

test('while the shared turns cannot be asked for, this process counts by itself', async (t) => {
  const asked: string[] = [];
  const substitute = {
    async take(serverId: string) {
      asked.push(serverId);
      return 0;
    },
  };
  await createPromptLimit({ turns: away, substitute, logger })('a')(new AbortController().signal);
  t.deepEqual(asked, ['a']);
});
