import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentServer, OpencodeAgentServer, openCodeConfig, startManagedServer } from '@oio/opencode-gateway';
import {
  bash,
  createGate,
  openCodeProvider,
  SCRIPTED_MODEL,
  promptIncludes,
  startScriptedModel,
} from '@oio/scripted-model';
import { nodeEnvironment } from '@oio/runtime/testing';
import { startStandIn } from './start-stand-in.ts';

/** A server to be compared: what its prompts must say for a turn of a kind, and what its model is called. */
export interface Compared extends AsyncDisposable {
  readonly agent: AgentServer;
  readonly directory: string;
  readonly model: { readonly providerId: string; readonly modelId: string };
  /** A slash command that takes two steps. */
  readonly command: { readonly name: string; readonly text: string };
  /** The same server, for somebody with a wrong password. */
  readonly stranger: AgentServer;
  readonly prompts: {
    readonly twoSteps: string;
    readonly endless: string;
    readonly asks: string;
    readonly refused: string;
  };
}

export async function startOurs(): Promise<Compared> {
  const standIn = await startStandIn();
  const agent = new OpencodeAgentServer(standIn);
  const stranger = new OpencodeAgentServer({ ...standIn, password: 'wrong' });
  return {
    agent,
    stranger,
    command: { name: 'work', text: 'steps=2' },
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
      await stranger[Symbol.asyncDispose]();
      await standIn[Symbol.asyncDispose]();
    },
  };
}

export async function startReal(): Promise<Compared> {
  await using stack = new AsyncDisposableStack();
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'oio-conformance-')));
  stack.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  const provider = stack.use(await startScriptedModel({ scripts: SCRIPTS, tokenDelayMs: 1 }));
  const model = { providerId: SCRIPTED_MODEL.providerID, modelId: SCRIPTED_MODEL.modelID };
  const ours = openCodeConfig({ providers: openCodeProvider(provider).provider, model });
  const config = { ...ours, command: { greet: { template: 'two steps for $ARGUMENTS' } } };
  const server = await startManagedServer({
    directory: join(directory, 'server'),
    config,
    environment: nodeEnvironment(),
  });
  stack.defer(() => server.stop());
  const agent = stack.use(new OpencodeAgentServer(server));
  const stranger = stack.use(new OpencodeAgentServer({ url: server.url, password: 'wrong' }));
  const running = stack.move();
  return {
    agent,
    stranger,
    command: { name: 'greet', text: 'us' },
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
