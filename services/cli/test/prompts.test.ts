import { PassThrough } from 'node:stream';
import test from 'ava';
import { program } from '../src/program.ts';
import { eventLine, sessionLines } from '../src/show-session.ts';
import { nothingUsed } from './support/nothing-used.ts';
import { startServer } from './support/start-server.ts';

const AT = '2026-01-01T00:00:00.000Z';

test('a further prompt is sent, and its id is said alone', async (t) => {
  const asked: string[] = [];
  await using server = await startServer((path, response, body) => {
    asked.push(`${path} ${body}`);
    // What this client does not know it does not take for an answer.
    response.statusCode = 409;
    response.end(JSON.stringify({ title: 'Conflict', status: 409, code: 'x', detail: 'It has ended; fork it.' }));
  });
  const run = (...args: string[]) => {
    const oio = program({ OIO_URL: server.url, OIO_API_KEY: 'k' }, new PassThrough()).exitOverride();
    return oio.parseAsync(args, { from: 'user' });
  };
  await t.throwsAsync(run('prompt', 'one', 'Now the tests.'), { message: /fork it/ });
  await t.throwsAsync(run('remove-prompt', 'one', 'two'), { message: /fork it/ });
  t.deepEqual(asked, [
    'POST /v1/sessions/one/prompts {"prompt":"Now the tests."}',
    'DELETE /v1/sessions/one/prompts/two ',
  ]);
});

test('a session shows its prompts with their state, reason and the beginning of their text', (t) => {
  const failure = { code: 'prompt_not_reached', message: 'The session is failed.' };
  const prompts = [
    { id: 'p1', state: 'succeeded', prompt: 'Test it.\nAll of it.', failure: null },
    { id: 'p2', state: 'cancelled', prompt: `\u001b[31m${'x'.repeat(200)}`, failure },
  ];
  const session = { id: 'x', title: 'x', status: 'failed', attempt: null, approvals: [], allowedCommands: [] };
  const lines = sessionLines({ ...session, ...nothingUsed, prompts } as never).split('\n');
  const shown = lines.filter((line) => line.startsWith('prompt'));
  t.is(shown[0], 'prompt     succeeded  p1  Test it. All of it.');
  t.regex(shown[1] ?? '', /^prompt {5}cancelled, prompt_not_reached: The session is failed\. {2}p2 {2}.{5}x+…$/u);
  t.false(lines.join('').includes('\u001b[31mx'));
});

test('the history tells of each prompt that it was queued, began and ended, and how', (t) => {
  const line = (type: string, data: unknown) => eventLine({ seq: 7, type, at: AT, data } as never).slice(32);
  t.is(line('session.prompt-queued', { promptId: 'p1', prompt: 'Test it.' }), 'prompt-queued  p1  Test it.');
  t.is(line('session.prompt-started', { promptId: 'p1', attempt: 2 }), 'prompt-started  p1  attempt 2');
  const well = { promptId: null, state: 'succeeded', failure: null, result: { text: 'Done.' } };
  t.is(line('session.prompt-ended', well), 'prompt-ended  the first prompt  succeeded');
  const failure = { code: 'rate_limited', message: 'Slow down.' };
  const ill = { promptId: 'p1', state: 'failed', failure, result: null };
  t.is(line('session.prompt-ended', ill), 'prompt-ended  p1  failed, rate_limited: Slow down.');
});
