import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentServer, OpencodeAgentServer, openCodeConfig, startManagedServer } from '@oio/opencode-gateway';
import { newMessageId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import {
  bash,
  createGate,
  openCodeProvider,
  SCRIPTED_MODEL,
  promptIncludes,
  startScriptedModel,
} from '@oio/scripted-model';
import test, { type ExecutionContext } from 'ava';
import { startStandIn } from './start-stand-in.ts';

/** A server to be compared: what its prompts must say for a turn of a kind, and what its model is called. */
interface Compared extends AsyncDisposable {
  readonly agent: AgentServer;
  readonly directory: string;
  readonly model: { readonly providerId: string; readonly modelId: string };
  readonly prompts: {
    readonly twoSteps: string;
    readonly endless: string;
    readonly asks: string;
    readonly refused: string;
  };
}

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
      messages.slice(1).map(({ parts }) => parts.map(({ type }) => type).filter((type) => type !== 'patch')),
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
  const prompt = { sessionId: id, directory, messageId: newMessageId(), agent: agentName, model, text };
  await agent.prompt(prompt);
  return prompt;
}

async function startOurs(): Promise<Compared> {
  const standIn = await startStandIn();
  const agent = new OpencodeAgentServer(standIn);
  return {
    agent,
    // OpenCode does not look whether it exists.
    directory: join(tmpdir(), 'project'),
    model: { providerId: 'stand-in', modelId: 'm' },
    prompts: {
      twoSteps: '[[work steps=2]]',
      endless: '[[work hang]]',
      asks: '[[work ask=permission]]',
      refused: '[[work status=401]]',
    },
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await standIn[Symbol.asyncDispose]();
    },
  };
}

async function startReal(): Promise<Compared> {
  await using stack = new AsyncDisposableStack();
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'oio-conformance-')));
  stack.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  const provider = stack.use(await startScriptedModel({ scripts: SCRIPTS, tokenDelayMs: 1 }));
  const model = { providerId: SCRIPTED_MODEL.providerID, modelId: SCRIPTED_MODEL.modelID };
  const config = openCodeConfig({ providers: openCodeProvider(provider).provider, model });
  const server = await startManagedServer({ directory: join(directory, 'server'), config, environment: process.env });
  stack.defer(() => server.stop());
  const agent = stack.use(new OpencodeAgentServer(server));
  const running = stack.move();
  return {
    agent,
    directory,
    model,
    prompts: { twoSteps: 'two steps', endless: 'endless', asks: 'asks', refused: 'refused' },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const TWO_STEPS = [{ toolCalls: [bash('echo step 1')] }, { text: 'done' }];
const SCRIPTS = [
  { name: 'two steps', matches: promptIncludes('two steps'), steps: TWO_STEPS },
  { name: 'asks', matches: promptIncludes('asks'), steps: TWO_STEPS },
  {
    name: 'endless',
    matches: promptIncludes('endless'),
    steps: [{ fault: { kind: 'stall', gate: createGate(), after: 'never', answer: { text: 'done' } } as const }],
  },
  {
    name: 'refused',
    matches: promptIncludes('refused'),
    steps: [{ fault: { kind: 'http_error', status: 401, body: { error: { message: 'no' } } } as const }],
  },
];
