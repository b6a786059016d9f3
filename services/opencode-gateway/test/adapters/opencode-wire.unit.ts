import type { AssistantMessage, Part, PermissionRequest, SessionStatus, UserMessage } from '@opencode-ai/sdk/v2/types';
import test from 'ava';
import type { z } from 'zod';
import type { wirePermission, wireStatus } from '../../src/adapters/opencode-events.ts';
import { wireError, wireMessage } from '../../src/adapters/opencode-messages.ts';

// What the official SDK describes must be readable by us: a check that the compiler makes.
type WireMessage = z.input<typeof wireMessage>;
const assistantFits = (info: AssistantMessage, parts: Part[]): WireMessage => ({ info, parts });
const userFits = (info: UserMessage, parts: Part[]): WireMessage => ({ info, parts });
const statusFits = (status: SessionStatus): z.input<typeof wireStatus> => status;
const permissionFits = (request: PermissionRequest): z.input<typeof wirePermission> => request;

const ids = { sessionID: 'ses_1', messageID: 'msg_1' };
const tokens = { input: 1, output: 2, reasoning: 3, cache: { read: 4, write: 5 } };
const assistant: AssistantMessage = {
  id: 'msg_1',
  sessionID: 'ses_1',
  role: 'assistant',
  time: { created: 1 },
  parentID: 'msg_0',
  modelID: 'm',
  providerID: 'p',
  mode: 'build',
  agent: 'build',
  path: { cwd: '/', root: '/' },
  cost: 0,
  tokens,
};
const user: UserMessage = {
  id: 'msg_0',
  sessionID: 'ses_1',
  role: 'user',
  time: { created: 1 },
  agent: 'a',
  model: { providerID: 'p', modelID: 'm' },
};

test('parts that we make use of are read, others are dropped', (t) => {
  const parts: Part[] = [
    { ...ids, id: 'prt_1', type: 'step-start' },
    { ...ids, id: 'prt_2', type: 'reasoning', text: 'hm', time: { start: 1 } },
    { ...ids, id: 'prt_3', type: 'text', text: 'hi' },
    { ...ids, id: 'prt_4', type: 'step-finish', reason: 'stop', cost: 0.5, tokens, snapshot: 'tree' },
    { ...ids, id: 'prt_5', type: 'patch', hash: 'h', files: ['a'] },
  ];
  const novel = { ...ids, id: 'prt_6', type: 'hologram', depth: 3 };
  const broken = { ...ids, id: 'prt_7', type: 'tool' };
  const message = wireMessage.parse({ ...assistantFits(assistant, parts), parts: [...parts, novel, broken] });
  t.deepEqual(message.parts, [
    { type: 'text', id: 'prt_3', text: 'hi' },
    {
      type: 'step_finished',
      id: 'prt_4',
      reason: 'stop',
      tokens: { input: 1, output: 2, reasoning: 3, cacheRead: 4, cacheWrite: 5 },
      costUsd: 0.5,
    },
  ]);
  t.like(message, { parentId: 'msg_0', completedAtMs: null, finish: null, error: null, synthetic: false });
});

test('messages that OpenCode wrote itself for a compaction are told from prompts', (t) => {
  const text: Part = { ...ids, id: 'prt_1', type: 'text', text: 'go on' };
  const isSynthetic = (parts: Part[]) => wireMessage.parse(userFits(user, parts)).synthetic;
  t.false(isSynthetic([text]));
  t.false(isSynthetic([]), 'a prompt whose text is not stored yet is a prompt');
  t.true(isSynthetic([{ ...text, synthetic: true }]));
  t.true(isSynthetic([{ ...ids, id: 'prt_2', type: 'compaction', auto: true }]));
});

test('errors carry what helps and no keys', (t) => {
  const data = {
    message: 'Incorrect API key provided: sk-abcdef123456789',
    statusCode: 401,
    isRetryable: false,
    responseHeaders: { 'retry-after': '3' },
    responseBody: `{"key":"sk-abcdef123456789"}${'x'.repeat(9000)}`,
  };
  const { error } = wireMessage.parse(assistantFits({ ...assistant, error: { name: 'APIError', data } }, []));
  t.like(error, { name: 'APIError', statusCode: 401, retryAfterMs: 3000 });
  t.notRegex(JSON.stringify(error), /abcdef123/);
  t.true((error?.detail.length ?? 0) <= 500);
});

test('until when a provider wants to be left alone is counted by the provider’s clock', (t) => {
  const waitOf = (responseHeaders: Record<string, string>) =>
    wireError.parse({ name: 'APIError', data: { message: 'Slow down.', responseHeaders } }).retryAfterMs;
  const until = 'Wed, 01 Jan 2031 00:01:00 GMT';
  t.is(waitOf({ 'retry-after': until, date: 'Wed, 01 Jan 2031 00:00:00 GMT' }), 60_000);
  t.is(waitOf({ 'retry-after': until, date: 'Wed, 01 Jan 2031 00:02:00 GMT' }), 0);
  const inAMinute = new Date(Date.now() + 60_000).toUTCString();
  const wanted = { 'retry-after': inAMinute };
  for (const headers of [wanted, { ...wanted, date: 'some day' }]) {
    const waitMs = waitOf(headers) ?? 0;
    t.true(waitMs > 30_000 && waitMs <= 60_000);
  }
});

test('what the SDK describes is what we read', (t) => {
  t.deepEqual(statusFits({ type: 'busy' }), { type: 'busy' });
  t.like(permissionFits({ id: 'per_1', sessionID: 's', permission: 'bash', patterns: [], metadata: {}, always: [] }), {
    id: 'per_1',
  });
});
