import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { program } from '../src/program.ts';
import { startServer } from './support/start-server.ts';

test('closed models are shown, closed and opened, and a session tells that it waits for one', async (t) => {
  const asked: string[] = [];
  await using server = await startServer((path, response) => {
    asked.push(path);
    if (path.includes('waiting')) response.end(JSON.stringify({ waiting: WAITING }));
    else response.end(JSON.stringify(path === 'GET /v1/quotas' ? { quotas: [QUOTA] } : QUOTA));
  });
  const run = async (...words: string[]) => {
    const out = new PassThrough();
    await program({ OIO_URL: server.url, OIO_API_KEY: 'k' }, out).parseAsync(['node', 'oio', ...words]);
    out.end();
    return text(out);
  };
  t.regex(await run('quotas'), /router\/meta\/llama .* 2026-01-01T01:00:00.000Z .* provider .* Slow down\./);
  t.regex(await run('quotas', 'close', 'router/meta/llama', '--seconds', '60'), /router\/meta\/llama/);
  t.regex(await run('quotas', 'open', 'router/meta/llama'), /open again/);
  t.regex(
    await run('why', '019f0000-0000-7000-8000-000000000001'),
    /the quota of router\/meta\/llama is used up until 2026-01-01T01:00:00.000Z. The provider said: Slow down\./,
  );
  t.deepEqual(asked.slice(0, 3), [
    'GET /v1/quotas',
    'PUT /v1/quotas/router/meta%2Fllama',
    'DELETE /v1/quotas/router/meta%2Fllama',
  ]);
});

const QUOTA = {
  provider: 'router',
  model: 'meta/llama',
  resetAt: '2026-01-01T01:00:00.000Z',
  closedAt: '2026-01-01T00:00:00.000Z',
  closedBy: 'provider',
  said: 'Slow down.',
  shortened: false,
  byDefault: false,
};
const WAITING = {
  because: { reason: 'quota', ...QUOTA, isReopening: false, waitMs: 1 },
  position: 3,
  waitingSince: '2026-01-01T00:00:00.000Z',
  estimatedStart: QUOTA.resetAt,
};
