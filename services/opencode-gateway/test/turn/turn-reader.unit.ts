import test from 'ava';
import type { Activity, Hearing } from '../../src/agent-server/events.ts';
import type { TurnMessage } from '../../src/agent-server/messages.ts';
import { DEFAULT_LIMITS } from '../../src/turn/turn-limits.ts';
import { TurnReader } from '../../src/turn/turn-reader.ts';
import { agentError, openReply, PROMPT_ID, reply, textPart, toolPart, userMessage } from '../support/messages.ts';

const session = { sessionId: 'ses_1', directory: '/w' };

/** A reader of a server that says what is put into `state`, and a clock that is put forward by hand. */
function startReading({ nothingRuns = false } = {}) {
  const state = {
    messages: [userMessage(), openReply(1)] as readonly TurnMessage[],
    activity: null as Activity | null,
    nowMs: 1_000_000,
    /** By how much the machine's clock was put forward. */
    putForwardMs: 0,
    hearing: null as Hearing | null,
  };
  const server = {
    messages: async () => state.messages,
    activities: async () => new Map(state.activity ? [[session.sessionId, state.activity]] : []),
  };
  const reader = new TurnReader({
    server,
    session,
    messageId: PROMPT_ID,
    now: () => state.nowMs + state.putForwardMs,
    monotonicMs: () => state.nowMs,
    hearing: () => state.hearing,
    nothingRuns,
  });
  const verdictAfter = async (ms: number) => {
    state.nowMs += ms;
    return (await reader.read()).verdict;
  };
  return { state, reader, verdictAfter };
}

test('a turn that stands still is interrupted only after it was seen so twice', async (t) => {
  const { state, verdictAfter } = startReading();
  t.is((await verdictAfter(60_000)).type, 'running', 'the first look');
  state.messages = [userMessage(), openReply(1, [textPart('more')])];
  t.is((await verdictAfter(60_000)).type, 'running', 'something changed');
  t.is((await verdictAfter(5000)).type, 'running', 'not long enough');
  t.deepEqual(await verdictAfter(60_000), { type: 'interrupted', reason: 'answer_lost' });
});

test('a session that just stopped being busy gets time to write down why', async (t) => {
  const { state, verdictAfter } = startReading();
  state.activity = { type: 'busy' };
  t.is((await verdictAfter(0)).type, 'running');
  state.activity = null;
  t.is((await verdictAfter(60_000)).type, 'running');
  state.messages = [userMessage(), reply(1, { finish: null, parts: [], error: agentError({ statusCode: 401 }) })];
  t.like(await verdictAfter(1), { type: 'failed', failure: { code: 'provider_auth' } });
});

for (const [what, putForwardMs] of [
  ['forward', 3_600_000],
  ['back', -3_600_000],
] as const)
  test(`a machine’s clock that is put ${what} makes no patience shorter or longer`, async (t) => {
    const { state, reader, verdictAfter } = startReading();
    state.messages = [];
    await verdictAfter(0);
    reader.noteSent();
    state.putForwardMs = putForwardMs;
    const { arriveMs } = DEFAULT_LIMITS;
    t.is((await verdictAfter(arriveMs - 1)).type, 'running', 'it may still arrive');
    t.is((await verdictAfter(1)).type, 'not_sent');
  });

test('after a restart of the server nothing is waited for, until it is resumed', async (t) => {
  const { reader, verdictAfter } = startReading({ nothingRuns: true });
  t.is((await verdictAfter(0)).type, 'interrupted');
  reader.noteSent();
  t.is((await verdictAfter(100)).type, 'running');
});

test('of an error that is told twice the first telling counts', async (t) => {
  const { reader, verdictAfter } = startReading();
  for (const message of ['Model not found: fake/nope.', 'UnknownError: UnknownError\n    at somewhere']) {
    reader.noteEvent({ type: 'error', sessionId: 'ses_1', error: agentError({ name: 'UnknownError', message }) });
  }
  t.like(await verdictAfter(1), { type: 'failed', failure: { code: 'model_not_found' } });
});

test('an error is forgotten when the turn goes on, and when it is resumed', async (t) => {
  const { reader, verdictAfter } = startReading();
  const error = agentError({ statusCode: 500 });
  const step = {
    id: 's',
    reason: 'stop',
    tokens: { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
    costUsd: 0,
  };
  reader.noteEvent({ type: 'error', sessionId: 'ses_1', error });
  reader.noteEvent({ type: 'step_finished', sessionId: 'ses_1', messageId: 'm', step });
  t.is((await verdictAfter(1)).type, 'running');
  reader.noteEvent({ type: 'error', sessionId: 'ses_1', error });
  reader.noteSent();
  t.is((await verdictAfter(1)).type, 'running');
});

test('events of other sessions are none of its business', async (t) => {
  const { reader, verdictAfter } = startReading();
  await verdictAfter(0);
  reader.noteEvent({ type: 'error', sessionId: 'ses_2', error: agentError() });
  reader.noteEvent({ type: 'resync', reason: 'connected' });
  t.is((await verdictAfter(60_000)).type, 'interrupted');
});

test('a turn whose stop was asked for is aborted when it stands still', async (t) => {
  const { reader, verdictAfter } = startReading();
  await verdictAfter(0);
  reader.noteAbort();
  t.deepEqual(await verdictAfter(60_000), { type: 'aborted' });
});

test('a busy turn that was heard to be silent fails for its own reason, one that was not heard is in doubt', async (t) => {
  const { state, verdictAfter } = startReading();
  state.activity = { type: 'busy' };
  t.like(await verdictAfter(0), { type: 'running', doubt: null });
  t.like(await verdictAfter(DEFAULT_LIMITS.firstTokenMs), { type: 'running', doubt: { code: 'liveness_unknown' } });
  state.hearing = { sinceMs: 0, lastAtMs: state.nowMs };
  t.like(await verdictAfter(1), { type: 'failed', failure: { code: 'no_first_token' }, stillRunning: true });
});

test('of a turn that is heard the clock runs from what the events told, not from the reading that finds it stored', async (t) => {
  const { state, reader, verdictAfter } = startReading();
  state.activity = { type: 'busy' };
  state.hearing = { sinceMs: 0, lastAtMs: state.nowMs };
  await verdictAfter(0);
  const running = toolPart({ status: 'running' });
  if (running.type !== 'tool') return t.fail();
  reader.noteEvent({ type: 'tool', sessionId: 'ses_1', messageId: 'msg_1', call: running });
  state.messages = [userMessage(), openReply(1, [running])];
  const half = DEFAULT_LIMITS.toolMs / 2;
  state.hearing = { sinceMs: 0, lastAtMs: state.nowMs + half };
  t.is((await verdictAfter(half)).type, 'running');
  state.hearing = { sinceMs: 0, lastAtMs: state.nowMs + half };
  t.like(await verdictAfter(half), { type: 'failed', failure: { code: 'tool_stalled' } });
});

test('of a turn that was not heard for a while what is stored is a sign of life when it is found', async (t) => {
  const { state, verdictAfter } = startReading();
  state.activity = { type: 'busy' };
  state.hearing = { sinceMs: 0, lastAtMs: state.nowMs };
  await verdictAfter(0);
  const half = DEFAULT_LIMITS.firstTokenMs / 2;
  state.messages = [userMessage(), openReply(1, [textPart('more')])];
  state.hearing = { sinceMs: state.nowMs + 1, lastAtMs: state.nowMs + half };
  t.is((await verdictAfter(half)).type, 'running');
  state.hearing = { ...state.hearing, lastAtMs: state.nowMs + half };
  t.like(await verdictAfter(half), { type: 'running', doubt: null });
});

test('what its sub-sessions do, at whatever depth, keeps a tool that waits for them alive', async (t) => {
  const { state, reader, verdictAfter } = startReading();
  state.activity = { type: 'busy' };
  state.messages = [userMessage(), openReply(1, [toolPart({ tool: 'task', status: 'running' })])];
  const opened = (sessionId: string, parentId: string) =>
    ({ type: 'session_created', sessionId, parentId, directory: '/w' }) as const;
  await verdictAfter(0);
  reader.noteEvent(opened('ses_2', 'ses_1'));
  reader.noteEvent(opened('ses_3', 'ses_2'));
  await verdictAfter(DEFAULT_LIMITS.toolMs - 1);
  reader.noteEvent({ type: 'todos', sessionId: 'ses_3', todos: [] });
  state.hearing = { sinceMs: 0, lastAtMs: state.nowMs + 2 };
  t.is((await verdictAfter(2)).type, 'running');
  t.false(reader.concerns({ type: 'todos', sessionId: 'ses_4', todos: [] }));
  state.hearing = { sinceMs: 0, lastAtMs: state.nowMs + DEFAULT_LIMITS.toolMs };
  t.like(await verdictAfter(DEFAULT_LIMITS.toolMs), { type: 'failed', failure: { code: 'tool_stalled' } });
});
