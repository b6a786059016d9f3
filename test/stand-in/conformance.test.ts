import { tmpdir } from 'node:os';
import { newMessageId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test, { type ExecutionContext } from 'ava';
import { type Compared, startOurs, startReal } from './compared-servers.ts';

const WAIT_MS = 60_000;

type Check = (t: ExecutionContext, compared: Compared) => Promise<void>;

const CHECKS: Readonly<Record<string, Check>> = {
  'it is well and says what it offers': async (t, { agent, directory, model }) => {
    t.true((await agent.health()).healthy);
    t.true((await agent.agents(directory)).some(({ name, mode }) => name === 'industrial-coder' && mode === 'primary'));
    const { models, default: byDefault } = await agent.models(directory);
    t.true(models.some(({ providerId, modelId }) => providerId === model.providerId && modelId === model.modelId));
    t.deepEqual(byDefault, model);
  },

  'a session keeps its title, directory and metadata, and is listed with its directory only': async (t, compared) => {
    const { agent, directory } = compared;
    const made = await agent.createSession({ directory, title: 'kept', metadata: { oioSessionId: 'ours' } });
    t.like(await agent.getSession({ sessionId: made.id, directory }), { title: 'kept', directory, parentId: null });
    const listed = (await agent.listSessions(directory)).find(({ id }) => id === made.id);
    t.is(listed?.metadata['oioSessionId'], 'ours');
    t.deepEqual(await agent.children({ sessionId: made.id, directory }), []);
    t.deepEqual(await agent.todos({ sessionId: made.id, directory }), []);
  },

  'what is not known is null, and its abort succeeds all the same': async (t, { agent, directory }) => {
    const nobody = { sessionId: 'ses_unknown', directory };
    t.is(await agent.getSession(nobody), null);
    await t.notThrowsAsync(agent.abort(nobody));
    const { id } = await agent.createSession({ directory, title: 'empty' });
    t.is(await agent.message({ sessionId: id, directory }, 'msg_unknown'), null);
  },

  'a turn is one answer per step under our message id, and tells what it does': async (t, compared) => {
    const stop = new AbortController();
    const seen = new Set<string>();
    const reading = (async () => {
      for await (const { type } of compared.agent.events({ signal: stop.signal })) seen.add(type);
    })();
    // The real server may be connected for a moment before it tells anything.
    await eventually(async () => {
      await compared.agent.createSession({ directory: compared.directory, title: 'heard of' });
      return seen.has('session_created');
    });
    const prompt = await begin(compared, compared.prompts.twoSteps);
    const messages = await eventually(async () => {
      const all = await compared.agent.messages(prompt);
      return all.at(-1)?.finish === 'stop' ? all : null;
    });
    t.deepEqual(
      messages.map(({ role, parentId, finish }) => [role, parentId === prompt.messageId, finish]),
      [
        ['user', false, null],
        ['assistant', true, 'tool-calls'],
        ['assistant', true, 'stop'],
      ],
    );
    t.deepEqual(
      messages.slice(1).map(({ parts }) => parts.map(({ type }) => type)),
      [
        ['tool', 'step_finished'],
        ['text', 'step_finished'],
      ],
    );
    const isIdle = async () => !(await compared.agent.activities(compared.directory)).has(prompt.sessionId);
    await eventually(isIdle);
    stop.abort();
    await reading;
    for (const type of ['activity', 'delta', 'message', 'session_created', 'step_finished', 'tool'])
      t.true(seen.has(type), type);
  },

  'resuming what is answered asks nothing and stores nothing': async (t, compared) => {
    const prompt = await begin(compared, compared.prompts.twoSteps);
    const length = async () =>
      (await compared.agent.messages(prompt)).filter(
        ({ completedAtMs, role }) => role === 'user' || completedAtMs !== null,
      ).length;
    await eventually(async () => (await length()) === 3);
    await compared.agent.resume(prompt);
    await eventually(async () => !(await compared.agent.activities(compared.directory)).has(prompt.sessionId));
    t.is(await length(), 3);
    t.like((await compared.agent.message(prompt, prompt.messageId))?.parts, { length: 1 });
  },

  'an abort leaves an error in the answer, and a resume answers again under the same prompt': async (t, compared) => {
    const prompt = await begin(compared, compared.prompts.endless);
    await eventually(async () => (await compared.agent.messages(prompt)).some(({ role }) => role === 'assistant'));
    t.deepEqual((await compared.agent.activities(compared.directory)).get(prompt.sessionId), { type: 'busy' });
    await compared.agent.abort(prompt);
    t.false((await compared.agent.activities(compared.directory)).has(prompt.sessionId));
    const last = async () => (await compared.agent.messages(prompt)).at(-1);
    await eventually(async () => (await last())?.error?.name === 'MessageAbortedError');
    await compared.agent.resume(prompt);
    const again = await eventually(async () => ((await last())?.error === null ? last() : null));
    t.is(again.parentId, prompt.messageId);
    await compared.agent.abort(prompt);
  },

  'a permission that is refused with a reason lets the turn go on, and can be answered once': async (t, compared) => {
    const { agent, directory } = compared;
    const prompt = await begin(compared, compared.prompts.asks);
    const asked = await eventually(async () =>
      (await agent.pendingPermissions(directory)).find(({ sessionId }) => sessionId === prompt.sessionId),
    );
    const answer = { requestId: asked.requestId, directory, reply: 'reject', message: 'no' } as const;
    t.false(await agent.replyPermission({ ...answer, directory: tmpdir() }), 'in another directory');
    t.true(await agent.replyPermission(answer));
    t.false(await agent.replyPermission(answer), 'twice');
    await eventually(async () => (await agent.messages(prompt)).at(-1)?.finish === 'stop');
  },

  'a provider that refuses leaves its error in the answer': async (t, compared) => {
    const prompt = await begin(compared, compared.prompts.refused);
    const error = await eventually(async () => (await compared.agent.messages(prompt)).at(-1)?.error);
    t.like(error, { name: 'APIError', statusCode: 401 });
  },

  'who stays on the line hears the last answer of a prompt and of a slash command': async (t, compared) => {
    const { agent, directory, command, prompts } = compared;
    const { conversation } = agent;
    const { id } = await agent.createSession({ directory, title: 'waits' });
    const prompt = promptIn(compared, id, prompts.twoSteps);
    t.like(await conversation.promptAndWait(prompt, WAIT_MS), { parentId: prompt.messageId, finish: 'stop' });
    const said = await agent.messages(prompt);
    t.deepEqual(
      said.map(({ finish }) => finish),
      [null, 'tool-calls', 'stop'],
    );
    const slash = { ...promptIn(compared, id, ''), ...command };
    t.like(await conversation.command(slash, WAIT_MS), { parentId: slash.messageId, finish: 'stop' });
    await t.throwsAsync(conversation.command({ ...slash, name: 'nobody' }, WAIT_MS), { code: 'server_error' });
  },

  'a command line runs without the model, and not beside a turn; nothing is taken back beside one either': async (
    t,
    compared,
  ) => {
    const { conversation } = compared.agent;
    const { id } = await compared.agent.createSession({ directory: compared.directory, title: 'shell' });
    const shell = { ...promptIn(compared, id, ''), line: 'true' };
    const { parts } = await conversation.shell(shell, WAIT_MS);
    t.like(
      parts.find(({ type }) => type === 'tool'),
      { tool: 'bash', status: 'completed' },
    );
    const prompt = await begin(compared, compared.prompts.endless);
    await eventually(async () => (await compared.agent.activities(compared.directory)).has(prompt.sessionId));
    await t.throwsAsync(conversation.shell({ ...shell, ...prompt }, WAIT_MS), { code: 'session_busy' });
    await t.throwsAsync(conversation.revert(prompt, prompt.messageId), { code: 'session_busy' });
    await compared.agent.abort(prompt);
  },

  'to take back an unknown message does nothing, and one that changed no file says so': async (t, compared) => {
    const { conversation } = compared.agent;
    const prompt = await begin(compared, compared.prompts.twoSteps);
    await eventually(async () => (await compared.agent.messages(prompt)).at(-1)?.finish === 'stop');
    await eventually(async () => !(await compared.agent.activities(compared.directory)).has(prompt.sessionId));
    t.is((await conversation.revert(prompt, 'msg_unknown')).id, prompt.sessionId);
    t.is((await compared.agent.messages(prompt)).length, 3);
    t.deepEqual(await conversation.diff(prompt, prompt.messageId), [], 'there is no git here');
    t.deepEqual(await conversation.diff(prompt, 'msg_unknown'), []);
  },

  'what is wrong is told by the code of its error': async (t, compared) => {
    const { agent, directory, prompts, stranger } = compared;
    const { id } = await agent.createSession({ directory, title: 'errors' });
    const prompt = promptIn(compared, id, prompts.twoSteps);
    await t.throwsAsync(agent.prompt({ ...prompt, messageId: 'foo' }), { code: 'bad_request' });
    await t.throwsAsync(agent.prompt({ ...prompt, sessionId: 'ses_unknown' }), { code: 'not_found' });
    await t.throwsAsync(stranger.getSession(prompt), { code: 'refused_credentials' });
    t.true(await agent.refusesStrangers());
    const endless = promptIn(compared, id, prompts.endless);
    await t.throwsAsync(agent.conversation.promptAndWait(endless, 300), { code: 'timeout' });
    await eventually(async () => (await agent.activities(directory)).has(id));
    await agent.abort(endless);
  },

  'an unknown agent is accepted, told by an event, and stores nothing': async (t, compared) => {
    const events = compared.agent.events({ filter: ({ type }) => type === 'error' });
    const prompt = await begin(compared, compared.prompts.twoSteps, 'nobody');
    for await (const event of events) {
      if (!('sessionId' in event) || event.sessionId !== prompt.sessionId) continue;
      t.true(event.type === 'error' && event.error.message.startsWith('Agent not found'));
      break;
    }
    t.deepEqual(await compared.agent.messages(prompt), []);
  },
};

for (const [kind, start] of Object.entries({ 'the stand-in': startOurs, 'the real server': startReal })) {
  test(`${kind}: the calls that a gateway makes`, async (t) => {
    await using compared = await start();
    for (const [title, check] of Object.entries(CHECKS)) {
      t.log(title);
      await check(t, compared);
    }
  });
}

async function begin({ agent, directory, model, prompts }: Compared, text: string, agentName = 'industrial-coder') {
  const permissions = text === prompts.asks ? ([{ permission: 'bash', pattern: '*', action: 'ask' }] as const) : [];
  const { id } = await agent.createSession({ directory, title: text, permissions });
  const prompt = { ...promptIn({ directory, model }, id, text), agent: agentName };
  await agent.prompt(prompt);
  return prompt;
}

function promptIn({ directory, model }: Pick<Compared, 'directory' | 'model'>, sessionId: string, text: string) {
  return { sessionId, directory, messageId: newMessageId(), agent: 'industrial-coder', model, text };
}
