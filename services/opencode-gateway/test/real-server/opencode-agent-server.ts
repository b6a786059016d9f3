import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import type { AgentEvent } from '../../src/agent-server/events.ts';
import { eventually } from '@oio/runtime/testing';
import { beginTurn, MODEL, promptsIn, readerOf, turnEnd } from '../support/real-server.ts';
import { test } from './shared-server.ts';

test('the server is well and knows our agents and our model', async (t) => {
  const { agent, directory } = t.context;
  t.true((await agent.health()).healthy);
  const agents = (await agent.agents(directory)).filter(({ mode }) => mode === 'primary').map(({ name }) => name);
  for (const name of ['industrial-coder', 'industrial-architect', 'meticulous-reviewer', 'precision-coder']) {
    t.true(agents.includes(name), name);
  }
  const { models, default: byDefault } = await agent.models(directory);
  t.like(
    models.find(({ providerId }) => providerId === 'fake'),
    { ...MODEL, contextTokens: 100_000 },
  );
  t.deepEqual(byDefault, MODEL);
  t.deepEqual([...new Set(models.map(({ providerId }) => providerId))], ['fake'], 'and no others');
});

test('a turn goes from the prompt to a finished verdict, with what it cost', async (t) => {
  const { agent, directory } = t.context;
  const prompt = await beginTurn(agent, directory, 'bash echo hello > hello.txt', {
    metadata: { run: '7' },
  });
  t.like(await turnEnd(agent, prompt), {
    type: 'finished',
    text: 'done',
    finish: 'stop',
    tokens: { input: 200, output: 40 },
    costUsd: 0.00028,
  });
  t.like(await agent.getSession(prompt), {
    id: prompt.sessionId,
    metadata: { run: '7' },
    directory,
  });
  const listed = await agent.listSessions(directory);
  t.true(listed.some(({ id, metadata }) => id === prompt.sessionId && metadata['run'] === '7'));
});

test('events tell of a turn while it happens', async (t) => {
  const { agent, directory } = t.context;
  const stop = new AbortController();
  const seen: AgentEvent[] = [];
  const reading = (async () => {
    for await (const event of agent.events({ signal: stop.signal })) seen.push(event);
  })();
  await eventually(() => seen.some(({ type }) => type === 'resync'));
  const prompt = await beginTurn(agent, directory, 'bash true');
  await turnEnd(agent, prompt);
  const mine = await eventually(() => {
    const events = seen.filter((event) => 'sessionId' in event && event.sessionId === prompt.sessionId);
    return events.some((event) => event.type === 'activity' && event.activity.type === 'idle') ? events : null;
  });
  stop.abort();
  await reading;
  const types = new Set(mine.map(({ type }) => type));
  t.deepEqual([...types].toSorted(), ['activity', 'delta', 'message', 'session_created', 'step_finished', 'tool']);
  t.true(mine.some((event) => event.type === 'tool' && event.call.status === 'completed' && event.call.exitCode === 0));
  t.is(mine.filter(({ type }) => type === 'step_finished').length, 2);
});

test('a turn is stopped, and its shell with it', async (t) => {
  const { agent, directory } = t.context;
  const prompt = await beginTurn(agent, directory, 'bash sleep 86.4');
  await eventually(async () => {
    const messages = await agent.messages(prompt);
    return messages.some(({ parts }) => parts.some((part) => part.type === 'tool' && part.status === 'running'));
  });
  await agent.abort(prompt);
  t.deepEqual(await turnEnd(agent, prompt), { type: 'aborted' });
});

test('an unknown session or message is null', async (t) => {
  const { agent, directory } = t.context;
  t.is(await agent.getSession({ sessionId: 'ses_unknown', directory }), null);
  const prompt = await beginTurn(agent, directory, 'say hello');
  await turnEnd(agent, prompt);
  t.is(await agent.message(prompt, 'msg_unknown'), null);
  t.like(await agent.message(prompt, prompt.messageId), {
    role: 'user',
    parts: [{ type: 'text', text: 'say hello' }],
  });
});

for (const [what, options, code] of [
  ['agent', { agentName: 'nobody' }, 'agent_not_found'],
  ['model', { model: { providerId: 'fake', modelId: 'nothing' } }, 'model_not_found'],
] as const) {
  test(`an unknown ${what} is accepted, and told by an event only`, async (t) => {
    const { agent, directory } = t.context;
    const events = agent.events({ filter: ({ type }) => type === 'error' });
    const prompt = await beginTurn(agent, directory, 'say hello', options);
    const reader = readerOf(agent, prompt);
    for await (const event of events) {
      reader.noteEvent(event);
      if ('sessionId' in event && event.sessionId === prompt.sessionId) break;
    }
    t.like(await turnEnd(agent, prompt, reader), { type: 'failed', failure: { code } });
  });
}

test('what providers answer becomes a failure of its kind', async (t) => {
  const { agent, directory } = t.context;
  for (const [text, code] of [
    ['status 401', 'provider_auth'],
    ['status 404', 'model_not_found'],
    ['status 400', 'provider_rejected'],
    ['finish length', 'output_truncated'],
    ['finish content_filter', 'content_filtered'],
  ]) {
    const prompt = await beginTurn(agent, directory, text ?? '');
    t.like(await turnEnd(agent, prompt), { type: 'failed', failure: { code }, stillRunning: false }, text);
  }
});

test('a model that answers nothing is found out while it loops', async (t) => {
  const { agent, directory } = t.context;
  const prompt = await beginTurn(agent, directory, 'empty');
  const verdict = await turnEnd(agent, prompt);
  t.like(verdict, { type: 'failed', failure: { code: 'empty_answers', transient: true }, stillRunning: true });
  await agent.abort(prompt);
  t.false((await agent.activities(directory)).has(prompt.sessionId));
});

test('a permission that is asked for is answered, and the turn goes on', async (t) => {
  const { agent, directory } = t.context;
  const permissions = [{ permission: 'bash', pattern: '*', action: 'ask' }] as const;
  const prompt = await beginTurn(agent, directory, 'bash echo asked', { permissions });
  const asked = await eventually(async () => {
    const pending = await agent.pendingPermissions(directory);
    return pending.find(({ sessionId }) => sessionId === prompt.sessionId);
  });
  t.like(asked, { permission: 'bash', patterns: ['echo asked'] });
  t.like(await readerOf(agent, prompt).read(), { verdict: { type: 'running' } });
  t.true(await agent.replyPermission({ ...asked, reply: 'once' }));
  t.like(await turnEnd(agent, prompt), { type: 'finished', text: 'done' });
  t.false(await agent.replyPermission({ ...asked, reply: 'once' }), 'a second answer comes too late');
});

test('a permission that is rejected without a word fails the turn', async (t) => {
  const { agent, directory } = t.context;
  const permissions = [{ permission: 'bash', pattern: '*', action: 'ask' }] as const;
  const events = agent.events({ filter: ({ type }) => type === 'permission_asked' });
  const prompt = await beginTurn(agent, directory, 'bash echo asked', { permissions });
  for await (const event of events) {
    if (event.type !== 'permission_asked' || event.sessionId !== prompt.sessionId) continue;
    t.true(await agent.replyPermission({ ...event.request, reply: 'reject' }));
    break;
  }
  t.like(await turnEnd(agent, prompt), { type: 'failed', failure: { code: 'permission_rejected' } });
});

test('the reviewer has no tool that changes anything, and nobody can ask a question', async (t) => {
  const { agent, directory, model } = t.context;
  const toolsOf = async (agentName: string) => {
    await turnEnd(agent, await beginTurn(agent, directory, `say I am ${agentName}`, { agentName }));
    const request = model.requests.findLast(({ messages }) =>
      JSON.stringify(messages).includes(`say I am ${agentName}`),
    );
    return request?.tools?.map((tool) => tool.function.name).toSorted() ?? [];
  };
  t.deepEqual(await toolsOf('meticulous-reviewer'), ['glob', 'grep', 'read', 'skill', 'todowrite']);
  const coder = await toolsOf('industrial-coder');
  for (const name of ['bash', 'edit', 'write']) t.true(coder.includes(name), name);
  t.false(coder.includes('question'));
});

test('resuming what is finished asks the model nothing and stores nothing', async (t) => {
  const { agent, directory, model } = t.context;
  const prompt = await beginTurn(agent, directory, 'say once only');
  await turnEnd(agent, prompt);
  const asked = () =>
    model.requests.filter(({ messages }) => JSON.stringify(messages).includes('say once only')).length;
  const before = asked();
  await agent.resume(prompt);
  await turnEnd(agent, prompt);
  const messages = await agent.messages(prompt);
  t.is(asked(), before);
  t.is(promptsIn(messages), 1);
  t.deepEqual(
    messages[0]?.parts.map((part) => part.type === 'text' && part.text),
    ['say once only'],
  );
});

test('with a wrong password nothing is answered, and it is said why', async (t) => {
  const { server } = t.context;
  await using stranger = new OpencodeAgentServer({ ...server, password: 'guess' });
  await t.throwsAsync(stranger.health(), { code: 'refused_credentials' });
  for await (const event of stranger.events()) {
    t.like(event, { type: 'disconnected', error: { code: 'refused_credentials' } });
    break;
  }
});
