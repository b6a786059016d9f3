import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { WaitingReason } from '@oio/contracts';
import { InvalidError } from '@oio/errors';
import test from 'ava';
import { program } from '../src/program.ts';
import { stateLine } from '../src/why-command.ts';
import { startServer } from './support/start-server.ts';

const ID = '019f0000-0000-7000-8000-000000000001';

/** What a command prints when the API answers so, by path. */
async function printed(words: readonly string[], answers: Readonly<Record<string, unknown>>): Promise<string> {
  await using server = await startServer((path, response) => response.end(JSON.stringify(answers[path])));
  const out = new PassThrough();
  await program({ OIO_URL: server.url, OIO_API_KEY: 'k' }, out).parseAsync(['node', 'oio', ...words]);
  out.end();
  return await text(out);
}

const why = (because: WaitingReason): Promise<string> => {
  const waiting = { because, position: 1, waitingSince: '2026-01-01T00:00:00.000Z', estimatedStart: null };
  return printed(['why', ID], { [`GET /v1/sessions/${ID}/waiting`]: { waiting } });
};

for (const [because, line] of [
  [
    { reason: 'limit', scope: 'global', name: '', limit: 2, used: 2, heldBy: ['a'] },
    'the limit for all sessions is reached: 2 of 2, by a',
  ],
  [
    { reason: 'limit', scope: 'tenant', name: 'acme', limit: 0, used: 0, heldBy: [] },
    'the limit of tenant acme is reached: 0 of 0',
  ],
  [
    { reason: 'rate', scope: 'global', name: '', waitMs: 1_200 },
    'the rate of starts for all sessions lets the next one start in 2 s',
  ],
  [
    { reason: 'no_server', serverId: null, detail: 'all_full', waitMs: null },
    'all OpenCode servers are full (oio servers)',
  ],
  [
    { reason: 'no_server', serverId: 's1', detail: 'none_accepting', waitMs: null },
    'the OpenCode server s1, to which it must go back, is drained (oio servers)',
  ],
] as const) {
  test(`why a session waits is said in words: ${line}`, async (t) => {
    t.true((await why(because as WaitingReason)).startsWith(`because   ${line}\n`));
  });
}

test('of a session that does not wait its state is told, and when it is retried', (t) => {
  t.is(stateLine({ status: 'running', retryAt: null }), 'It does not wait for a slot: it is running.');
  t.regex(
    stateLine({ status: 'failed', retryAt: '2026-01-01T00:00:00.000Z' }),
    /is failed; it is retried at 2026-01-01T/,
  );
});

test('limits that nobody has set are said, and the global one is for all', async (t) => {
  t.regex(await printed(['limits'], { 'GET /v1/limits': { limits: [] } }), /MAX_CONCURRENT_SESSIONS/);
  const limits = [{ scope: 'global', name: null, concurrent: 3, startsPerMinute: null, weight: null }];
  t.regex(await printed(['limits'], { 'GET /v1/limits': { limits } }), /global │ all .* 3 /);
});

test('an order that nothing can be given says so', async (t) => {
  const answer = { 'POST /v1/sessions/orders': { done: [], refused: [], more: false } };
  t.is(
    await printed(['order', 'retry', '--tag', 'nightly'], answer),
    'No session that the filter holds for can be given the order retry.\n',
  );
});

test('a model without its provider is refused before anything is asked', async (t) => {
  for (const name of ['claude', '/claude', 'anthropic/']) {
    const error = await t.throwsAsync(printed(['quotas', 'close', name], {}), { instanceOf: InvalidError });
    t.true(error.message.endsWith(`got "${name}".`));
  }
});
