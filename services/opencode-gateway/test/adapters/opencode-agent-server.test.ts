import anyTest, { type TestFn } from 'ava';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import type { AgentEvent } from '../../src/agent-server/events.ts';
import { eventually } from '@oio/runtime/testing';
import { startObedientModel } from '../support/obedient-model.ts';
import {
  beginTurn,
  makePlace,
  MODEL,
  optionsFor,
  readerOf,
  promptsIn,
  startRealServer,
  turnEnd,
} from '../support/real-server.ts';

// One real server for the file: opening it and the directory is what takes the time.
async function setUp() {
  const place = await makePlace();
  const model = await startObedientModel();
  const real = await startRealServer(optionsFor(model, place.data));
  return { place, model, real };
}

const test = anyTest as TestFn<Awaited<ReturnType<typeof setUp>>>;
let shared: Awaited<ReturnType<typeof setUp>>;

test.before(async () => {
  shared = await setUp();
});

test.beforeEach((t) => {
  t.context = shared;
});

test.after.always(async () => {
  await shared?.real[Symbol.asyncDispose]();
  await shared?.model[Symbol.asyncDispose]();
  await shared?.place[Symbol.asyncDispose]();
});

test('the server is well and knows our agents and our model', async (t) => {
  const { real, place } = t.context;
  t.true((await real.agent.health()).healthy);
  const agents = (await real.agent.agents(place.repository))
    .filter(({ mode }) => mode === 'primary')
    .map(({ name }) => name);
  for (const name of ['industrial-coder', 'industrial-architect', 'meticulous-reviewer', 'precision-coder']) {
    t.true(agents.includes(name), name);
  }
  const { models, default: byDefault } = await real.agent.models(place.repository);
  t.like(
    models.find(({ providerId }) => providerId === 'fake'),
    { ...MODEL, contextTokens: 100_000 },
  );
  t.deepEqual(byDefault, MODEL);
  t.deepEqual([...new Set(models.map(({ providerId }) => providerId))], ['fake'], 'and no others');
});

test('a turn goes from the prompt to a finished verdict, with what it cost', async (t) => {
  const { real, place } = t.context;
  const prompt = await beginTurn(real.agent, place.repository, 'bash echo hello > hello.txt', {
    metadata: { run: '7' },
  });
  t.like(await turnEnd(real.agent, prompt), {
    type: 'finished',
    text: 'done',
    finish: 'stop',
    tokens: { input: 200, output: 40 },
    costUsd: 0.00028,
  });
  t.like(await real.agent.getSession(prompt), {
    id: prompt.sessionId,
    metadata: { run: '7' },
    directory: place.repository,
  });
  const listed = await real.agent.listSessions(place.repository);
  t.true(listed.some(({ id, metadata }) => id === prompt.sessionId && metadata['run'] === '7'));
});

test('events tell of a turn while it happens', async (t) => {
  const { real, place } = t.context;
  const stop = new AbortController();
  const seen: AgentEvent[] = [];
  const reading = (async () => {
    for await (const event of real.agent.events({ signal: stop.signal })) seen.push(event);
  })();
  await eventually(() => seen.some(({ type }) => type === 'resync'));
  const prompt = await beginTurn(real.agent, place.repository, 'bash true');
  await turnEnd(real.agent, prompt);
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
  const { real, place } = t.context;
  const prompt = await beginTurn(real.agent, place.repository, 'bash sleep 86.4');
  await eventually(async () => {
    const messages = await real.agent.messages(prompt);
    return messages.some(({ parts }) => parts.some((part) => part.type === 'tool' && part.status === 'running'));
  });
  await real.agent.abort(prompt);
  t.deepEqual(await turnEnd(real.agent, prompt), { type: 'aborted' });
});

test('an unknown session or message is null', async (t) => {
  const { real, place } = t.context;
  const directory = place.repository;
  t.is(await real.agent.getSession({ sessionId: 'ses_unknown', directory }), null);
  const prompt = await beginTurn(real.agent, directory, 'say hello');
  await turnEnd(real.agent, prompt);
  t.is(await real.agent.message(prompt, 'msg_unknown'), null);
  t.like(await real.agent.message(prompt, prompt.messageId), {
    role: 'user',
    parts: [{ type: 'text', text: 'say hello' }],
  });
});

for (const [what, options, code] of [
  ['agent', { agentName: 'nobody' }, 'agent_not_found'],
  ['model', { model: { providerId: 'fake', modelId: 'nothing' } }, 'model_not_found'],
] as const) {
  test(`an unknown ${what} is accepted, and told by an event only`, async (t) => {
    const { real, place } = t.context;
    const events = real.agent.events({ filter: ({ type }) => type === 'error' });
    const prompt = await beginTurn(real.agent, place.repository, 'say hello', options);
    const reader = readerOf(real.agent, prompt);
    for await (const event of events) {
      reader.noteEvent(event);
      if ('sessionId' in event && event.sessionId === prompt.sessionId) break;
    }
    t.like(await turnEnd(real.agent, prompt, reader), { type: 'failed', failure: { code } });
  });
}

test('what providers answer becomes a failure of its kind', async (t) => {
  const { real, place } = t.context;
  for (const [text, code] of [
    ['status 401', 'provider_auth'],
    ['status 404', 'model_not_found'],
    ['status 400', 'provider_rejected'],
    ['finish length', 'output_truncated'],
    ['finish content_filter', 'content_filtered'],
  ]) {
    const prompt = await beginTurn(real.agent, place.repository, text ?? '');
    t.like(await turnEnd(real.agent, prompt), { type: 'failed', failure: { code }, stillRunning: false }, text);
  }
});

test('a model that answers nothing is found out while it loops', async (t) => {
  const { real, place } = t.context;
  const prompt = await beginTurn(real.agent, place.repository, 'empty');
  const verdict = await turnEnd(real.agent, prompt);
  t.like(verdict, { type: 'failed', failure: { code: 'empty_answers', transient: true }, stillRunning: true });
  await real.agent.abort(prompt);
  t.false((await real.agent.activities(place.repository)).has(prompt.sessionId));
});

test('a permission that is asked for is answered, and the turn goes on', async (t) => {
  const { real, place } = t.context;
  const permissions = [{ permission: 'bash', pattern: '*', action: 'ask' }] as const;
  const prompt = await beginTurn(real.agent, place.repository, 'bash echo asked', { permissions });
  const asked = await eventually(async () => {
    const pending = await real.agent.pendingPermissions(place.repository);
    return pending.find(({ sessionId }) => sessionId === prompt.sessionId);
  });
  t.like(asked, { permission: 'bash', patterns: ['echo asked'] });
  t.like(await readerOf(real.agent, prompt).read(), { verdict: { type: 'running' } });
  t.true(await real.agent.replyPermission({ ...asked, reply: 'once' }));
  t.like(await turnEnd(real.agent, prompt), { type: 'finished', text: 'done' });
  t.false(await real.agent.replyPermission({ ...asked, reply: 'once' }), 'a second answer comes too late');
});

test('a permission that is rejected without a word fails the turn', async (t) => {
  const { real, place } = t.context;
  const permissions = [{ permission: 'bash', pattern: '*', action: 'ask' }] as const;
  const events = real.agent.events({ filter: ({ type }) => type === 'permission_asked' });
  const prompt = await beginTurn(real.agent, place.repository, 'bash echo asked', { permissions });
  for await (const event of events) {
    if (event.type !== 'permission_asked' || event.sessionId !== prompt.sessionId) continue;
    t.true(await real.agent.replyPermission({ ...event.request, reply: 'reject' }));
    break;
  }
  t.like(await turnEnd(real.agent, prompt), { type: 'failed', failure: { code: 'permission_rejected' } });
});

test('the reviewer has no tool that changes anything, and nobody can ask a question', async (t) => {
  const { real, place, model } = t.context;
  const toolsOf = async (agentName: string) => {
    await turnEnd(real.agent, await beginTurn(real.agent, place.repository, `say I am ${agentName}`, { agentName }));
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
  const { real, place, model } = t.context;
  const prompt = await beginTurn(real.agent, place.repository, 'say once only');
  await turnEnd(real.agent, prompt);
  const asked = () =>
    model.requests.filter(({ messages }) => JSON.stringify(messages).includes('say once only')).length;
  const before = asked();
  await real.agent.resume(prompt);
  await turnEnd(real.agent, prompt);
  const messages = await real.agent.messages(prompt);
  t.is(asked(), before);
  t.is(promptsIn(messages), 1);
  t.deepEqual(
    messages[0]?.parts.map((part) => part.type === 'text' && part.text),
    ['say once only'],
  );
});

test('with a wrong password nothing is answered, and it is said why', async (t) => {
  const { real } = t.context;
  await using stranger = new OpencodeAgentServer({ url: real.server.url, password: 'guess' });
  await t.throwsAsync(stranger.health(), { code: 'refused_credentials' });
  for await (const event of stranger.events()) {
    t.like(event, { type: 'disconnected', error: { code: 'refused_credentials' } });
    break;
  }
});
