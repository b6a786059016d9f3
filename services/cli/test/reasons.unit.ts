import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Client, SessionMessage } from '@oio/sdk';
import test from 'ava';
import { program } from '../src/program.ts';
import { eventLine, sessionLines, sessionsTable } from '../src/show-session.ts';
import { watchSession } from '../src/watch-session.ts';
import { nothingUsed } from './support/nothing-used.ts';
import { startServer } from './support/start-server.ts';

test('watching goes on over a failure that is retried and ends with the last state', async (t) => {
  const out = new PassThrough();
  const sessions = [{ retryAt: '2026-01-01T00:00:00.000Z' }, { retryAt: null }];
  const client = {
    async *stream() {
      yield transition(4, 'failed');
      yield { kind: 'output', output: { kind: 'text', text: 'again', sessionId: 's', tenant: 't' } };
      yield transition(9, 'completed');
    },
    getSession: async () => sessions.shift(),
  } as unknown as Client;
  t.is(await watchSession(client, 's', out), 'completed');
  out.end();
  const lines = (await text(out)).trim().split('\n');
  t.deepEqual(
    lines.map((line) => line.split(/\s{2,}/).at(-1)),
    ['failed', 'again', 'completed'],
  );
});

test('watching a session that fails for good ends with what to do', async (t) => {
  const out = new PassThrough();
  const client = {
    async *stream() {
      yield transition(4, 'failed');
    },
    getSession: async () => ({ retryAt: null, failure: { advice: 'Use another\u001b model.' } }),
  } as unknown as Client;
  t.is(await watchSession(client, 's', out), 'failed');
  out.end();
  t.is((await text(out)).trim().split('\n').at(-1), '    Use another� model.');
});

test('a list tells why each session is as it is, or what its next attempt follows', (t) => {
  const session = { id: 'x', title: 'x', priority: 'low', attempt: null, ...nothingUsed };
  const metrics = { ...nothingUsed.metrics, tokens: { total: 0 } };
  const [failure, lastFailure] = [{ code: 'provider_auth' }, { code: 'tool_stalled' }];
  const shown = (status: string, why: object): string =>
    sessionsTable([{ ...session, metrics, status, failure: null, lastFailure: null, ...why } as never]);
  t.regex(shown('failed', { failure, lastFailure }), /provider_auth/);
  t.regex(shown('degraded', { failure }), /provider_auth/);
  t.regex(shown('queued', { lastFailure }), /after tool_stalled/);
  t.notRegex(shown('completed', { lastFailure }), /tool_stalled/);
});

test('a failure is shown with its code, in a session with what to do, and so is the one before', (t) => {
  const failure = {
    code: 'rate_limited',
    message: 'Slow down.',
    transient: true,
    meaning: 'Limited.',
    advice: 'Wait.',
  };
  const event = { seq: 7, type: 'session.failed', at: '2026-01-01T00:00:00.000Z', data: { to: 'failed', failure } };
  t.true(eventLine(event as never).endsWith('failed  rate_limited: Slow down.'));
  const session = {
    id: 'x',
    title: 'x',
    status: 'failed',
    attempt: null,
    approvals: [],
    allowedCommands: [],
    ...nothingUsed,
  };
  const before = { ...failure, code: 'tool_stalled', message: 'It hangs.' };
  const lines = sessionLines({ ...session, failure, lastFailure: before } as never).split('\n');
  t.deepEqual(
    lines.filter((line) => /^(failure|advice|before)/.test(line)),
    ['failure    rate_limited: Slow down.', 'advice     Wait.', 'before     tool_stalled: It hangs.'],
  );
});

test('the reasons of failures are explained, all or one', async (t) => {
  const retry = { firstMs: 5_000, factor: 3, longestMs: 60_000, jitter: 0.2, limit: 2 };
  const reasonCodes = [
    { code: 'empty_answers', meaning: 'Empty.', advice: 'Use another model.', ends: true, retry },
    { code: 'liveness_unknown', meaning: 'Unknown.', advice: 'Nothing.', ends: false, retry: null },
  ];
  await using server = await startServer((_path, response) => response.end(JSON.stringify({ reasonCodes })));
  const run = async (...words: string[]) => {
    const out = new PassThrough();
    await program({ OIO_URL: server.url, OIO_API_KEY: 'k' }, out).parseAsync(['node', 'oio', 'reasons', ...words]);
    out.end();
    return text(out);
  };
  t.regex(await run(), /retried {2}after 5 s × 3ⁿ, at most 60 s, up to 2 times[^]*impairs {2}and passes/);
  t.false((await run('liveness_unknown')).includes('empty_answers'));
  t.is(await run('nothing'), 'There is no reason "nothing".\n');
});

function transition(seq: number, to: string): SessionMessage {
  const event = { seq, type: `session.${to}`, at: '2026-01-01T00:00:00.000Z', data: { to } };
  return { kind: 'history', event } as unknown as SessionMessage;
}
