import type { ModelCall } from '@oio/contracts';
import { NotFoundError, UnavailableError } from '@oio/errors';
import test from 'ava';
import { type ReadTurn, TurnAccount } from '../../src/attempts/turn-account.ts';
import type { SessionEvent } from '../../src/agent-server/events.ts';
import type { TurnMessage } from '../../src/agent-server/messages.ts';
import type { AgentServer } from '../../src/ports.ts';
import { createNullAgentServer } from '../../src/testing/null-agent-server.ts';
import { agentError, openReply, PROMPT_ID, reply, stepPart, toolPart, userMessage } from '../support/messages.ts';

/** A conversation of sub-agents, and theirs, on a server that says what is put in; what is told of a turn is written down. */
function openAccount({ counted = {} }: { readonly counted?: Readonly<Record<string, string>> } = {}) {
  const told: ModelCall[] = [];
  const read: string[] = [];
  const state = { isDown: false };
  const conversations = new Map<string, { readonly parentId: string; messages: readonly TurnMessage[] }>();
  const agent: AgentServer = {
    ...createNullAgentServer(),
    children: async ({ sessionId }) =>
      [...conversations].flatMap(([id, { parentId }]) =>
        parentId === sessionId ? [{ id, parentId, title: '', directory: '/w', metadata: {}, createdAtMs: 0 }] : [],
      ),
    messages: async ({ sessionId }) => {
      read.push(sessionId);
      if (state.isDown) throw new UnavailableError('down');
      const found = conversations.get(sessionId);
      if (!found) throw new NotFoundError('gone');
      return found.messages;
    },
  };
  const account = new TurnAccount({
    order: { messageId: PROMPT_ID, counted },
    ref: { sessionId: 'ses_1', directory: '/w' },
  });
  const reporter = {
    report: async (_name: string, _about: string, payload: object) => {
      told.push(...(payload as { calls: ModelCall[] }).calls);
      return 'running' as const;
    },
  };
  const tell = (messages: readonly TurnMessage[], found: Partial<ReadTurn> = {}) =>
    account.tell(agent, reporter, { messages, all: true, ...found });
  return { account, state, conversations, told, read, tell };
}

const withTask = [userMessage(), reply(1, { parts: [toolPart({ tool: 'task' }), stepPart(1, 'tool-calls')] })];
const retry = (attempt: number, sessionId = 'ses_1'): SessionEvent => ({
  type: 'activity',
  sessionId,
  activity: { type: 'retry', attempt, message: 'overloaded', nextAtMs: 0 },
});
const took = { costUsd: 0.001, apiCalls: 1, apiErrors: 0, tokens: { input: 100, output: 20 } };

test('steps of sub-agents are told, at whatever depth, each once; those of the turn are reported by themselves', async (t) => {
  const { conversations, told, tell } = openAccount();
  conversations.set('ses_2', { parentId: 'ses_1', messages: [reply(2, { model: 'fake/m' }), reply(3)] });
  conversations.set('ses_3', { parentId: 'ses_2', messages: [reply(4)] });
  await tell(withTask);
  await tell(withTask);
  t.deepEqual(
    told.map(({ openCodeSessionId }) => openCodeSessionId),
    ['ses_2', 'ses_2', 'ses_3'],
  );
  t.like(told[0], { ...took, messageId: reply(2).id, model: 'fake/m' });
});

test('a turn without sub-agents costs no question', async (t) => {
  const { read, told, tell } = openAccount();
  await tell([userMessage(), reply(1)]);
  t.deepEqual([read, told], [[], []]);
});

test('while the turn goes on, only sub-agents in which something has ended are read', async (t) => {
  const { account, conversations, read, told, tell } = openAccount();
  for (const id of ['ses_2', 'ses_3']) conversations.set(id, { parentId: 'ses_1', messages: [reply(2)] });
  await tell(withTask, { all: false });
  account.noteEvent({ type: 'step_finished', sessionId: 'ses_3', messageId: reply(2).id, step: STEP });
  await tell(withTask, { all: false });
  await tell(withTask, { all: false });
  t.deepEqual(read, ['ses_3']);
  t.is(told.length, 1);
});

test('what was counted before, and what sub-agents did in earlier attempts, is not told', async (t) => {
  const before = reply(1, { id: 'msg_10000000000000000000000000' });
  const { conversations, told, tell } = openAccount({ counted: { ses_2: reply(2).id } });
  conversations.set('ses_2', { parentId: 'ses_1', messages: [before, reply(2), reply(3)] });
  await tell(withTask);
  t.deepEqual(
    told.map(({ messageId }) => messageId),
    [reply(3).id],
  );
});

test('where OpenCode’s clock is behind ours, what sub-agents do counts from the turn’s first answer on', async (t) => {
  const id = (number: number) => reply(number).id.replace('msg_20406af9', 'msg_20406a00');
  const { conversations, told, tell } = openAccount();
  conversations.set('ses_2', { parentId: 'ses_1', messages: [reply(1, { id: id(1) }), reply(3, { id: id(3) })] });
  await tell([userMessage(), reply(2, { id: id(2), parts: [toolPart({ tool: 'task' })], finish: null })]);
  t.deepEqual(
    told.map(({ messageId }) => messageId),
    [id(3)],
  );
});

test('what could not be read is told the next time', async (t) => {
  const { account, state, conversations, told, tell } = openAccount();
  conversations.set('ses_2', { parentId: 'ses_1', messages: [reply(2)] });
  account.noteEvent({ type: 'step_finished', sessionId: 'ses_2', messageId: reply(2).id, step: STEP });
  state.isDown = true;
  await t.throwsAsync(tell(withTask, { all: false }));
  state.isDown = false;
  await tell(withTask, { all: false });
  t.is(told.length, 1);
});

test('what the stop of a turn has read is not read again', async (t) => {
  const { read, told, tell } = openAccount();
  const conversations = new Map([
    ['ses_1', withTask],
    ['ses_2', [reply(2)]],
  ]);
  await tell(withTask, { conversations });
  t.deepEqual(
    told.map(({ openCodeSessionId }) => openCodeSessionId),
    ['ses_2'],
  );
  t.deepEqual(read, []);
});

test('a sub-agent’s session that is gone has nothing to tell', async (t) => {
  const { account, told, tell } = openAccount();
  account.noteEvent({ type: 'step_finished', sessionId: 'ses_9', messageId: 'msg_9', step: STEP });
  await tell(withTask, { all: false });
  t.deepEqual(told, []);
});

test('a call that was refused for good counts with the tries before it', async (t) => {
  const { account, told, tell } = openAccount();
  for (const number of [1, 2, 5]) account.noteEvent(retry(number));
  await tell([userMessage(), reply(1, { finish: null, parts: [], error: agentError({ statusCode: 500 }) })]);
  t.like(told, [{ openCodeSessionId: 'ses_1', costUsd: 0, apiCalls: 6, apiErrors: 6 }]);
});

test('of a call that was broken off only the tries are known to have failed, and without any nothing is told', async (t) => {
  const aborted = reply(1, { finish: null, parts: [], error: agentError({ name: 'MessageAbortedError' }) });
  const quiet = openAccount();
  await quiet.tell([userMessage(), aborted]);
  t.deepEqual(quiet.told, []);
  const { account, told, tell } = openAccount();
  account.noteTry(1);
  await tell([userMessage(), aborted]);
  t.like(told, [{ apiCalls: 1, apiErrors: 1 }]);
});

test('a call that is under way is not told', async (t) => {
  const { conversations, told, tell } = openAccount();
  conversations.set('ses_2', { parentId: 'ses_1', messages: [openReply(2)] });
  await tell(withTask);
  t.deepEqual(told, []);
});

const STEP = {
  id: 'prt_1',
  reason: 'stop',
  tokens: { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
  costUsd: 0,
};
