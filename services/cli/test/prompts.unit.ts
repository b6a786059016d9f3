import type { Client } from '@oio/sdk';
import test from 'ava';
import { Command } from 'commander';
import { promptCommands } from '../src/prompt-commands.ts';
import { eventLine, sessionLines } from '../src/show-session.ts';
import { nothingUsed } from './support/nothing-used.ts';

const AT = '2026-01-01T00:00:00.000Z';
const SESSION = { id: 'x', title: 'x', status: 'failed', attempt: null, approvals: [], allowedCommands: [] };

test('a further prompt is sent, and its id is said alone; one that waits is taken out', async (t) => {
  const asked: unknown[] = [];
  const said: string[] = [];
  const client = {
    queuePrompt: async (...input: unknown[]) => (asked.push(input), { promptId: 'p1' }),
    removePrompt: async (...input: unknown[]) => (asked.push(input), { ...SESSION, ...nothingUsed }),
  } as unknown as Client;
  const oio = new Command('oio');
  promptCommands(
    oio,
    (task) => task(client),
    (line) => said.push(line),
  );
  await oio.parseAsync(['prompt', 'one', 'Now the tests.'], { from: 'user' });
  await oio.parseAsync(['remove-prompt', 'one', 'p1'], { from: 'user' });
  t.deepEqual(asked, [[{ id: 'one' }, { prompt: 'Now the tests.' }], [{ id: 'one', promptId: 'p1' }]]);
  t.is(said[0], 'p1');
  t.regex(said[1] ?? '', /^id +x$/m);
});

test('a session shows its prompts with their state, reason and the beginning of their text', (t) => {
  const failure = { code: 'prompt_not_reached', message: 'The session is failed.' };
  const prompts = [
    { id: 'p1', state: 'succeeded', prompt: 'Test it.\nAll of it.', failure: null },
    { id: 'p2', state: 'cancelled', prompt: `\u001b[31m${'x'.repeat(200)}`, failure },
  ];
  const lines = sessionLines({ ...SESSION, ...nothingUsed, prompts } as never).split('\n');
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
