import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newMessageId } from '@oio/runtime';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import { openCodeConfig } from '../../src/agents/open-code-config.ts';
import { endProcesses } from '../../src/managed-server/end-processes.ts';
import { MARKER } from '../../src/managed-server/server-environment.ts';
import { type ManagedServerOptions, startManagedServer } from '../../src/managed-server/start-managed-server.ts';
import type { ModelRef, NewSession, Prompt } from '../../src/agent-server/sessions.ts';
import type { AgentServer } from '../../src/ports.ts';
import { TurnReader } from '../../src/turn/turn-reader.ts';
import type { Verdict } from '../../src/turn/verdict.ts';
import { eventually, nodeEnvironment } from '@oio/runtime/testing';
import type { FakeModel } from './fake-model.ts';

export const MODEL: ModelRef = { providerId: 'fake', modelId: 'm' };

/** A temporary place with a data directory for a server and a git repository to work in. */
export async function makePlace() {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'oio-opencode-')));
  const repository = join(root, 'repository');
  await mkdir(repository);
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args]);
  git('init', '--quiet');
  git('commit', '--quiet', '--allow-empty', '--message', 'begin');
  return {
    root,
    data: join(root, 'server'),
    repository,
    /** Commits everything in the repository; returns the revision. */
    commit(message: string): string {
      git('add', '--all');
      git('commit', '--quiet', '--message', message);
      return git('rev-parse', 'HEAD').toString().trim();
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Ends the managed servers on `data` with all that they started, whatever a test that failed has left running. */
export async function endServersOn(data: string): Promise<void> {
  await endProcesses({ server: null, mark: `${MARKER}=${data}`, graceMs: 0 });
}

/** What a managed server on `data` is started with; the model is the only provider. */
export function optionsFor(model: Pick<FakeModel, 'url'>, data: string): ManagedServerOptions {
  return {
    directory: data,
    config: openCodeConfig({ providers: { fake: providerOf(model) }, model: MODEL }),
    environment: nodeEnvironment(),
  };
}

/** A scripted model as OpenCode is told of it. */
export function providerOf(model: Pick<FakeModel, 'url'>) {
  const models = { m: { name: 'm', limit: { context: 100_000, output: 1000 }, cost: { input: 1, output: 2 } } };
  return {
    npm: '@ai-sdk/openai-compatible',
    name: 'Fake',
    options: { baseURL: model.url, apiKey: 'key' },
    models,
  };
}

/** A managed server, the client for it, and both ended together. */
export async function startRealServer(options: ManagedServerOptions) {
  const server = await startManagedServer(options);
  const agent = new OpencodeAgentServer(server);
  return {
    server,
    agent,
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await server.stop();
    },
  };
}

/** Opens a session and hands it a prompt. */
export async function beginTurn(
  agent: AgentServer,
  directory: string,
  text: string,
  {
    agentName = 'industrial-coder',
    model = MODEL,
    ...session
  }: Partial<NewSession> & { agentName?: string; model?: ModelRef } = {},
): Promise<Prompt> {
  const { id } = await agent.createSession({ title: text, ...session, directory });
  const prompt = { sessionId: id, directory, messageId: newMessageId(), agent: agentName, model, text };
  await agent.prompt(prompt);
  return prompt;
}

export function readerOf(server: AgentServer, prompt: Prompt, nothingRuns = false): TurnReader {
  return new TurnReader({
    server,
    session: prompt,
    messageId: prompt.messageId,
    now: Date.now,
    monotonicMs: () => performance.now(),
    hearing: () => server.hearing(),
    nothingRuns,
  });
}

/** Waits until a turn is no longer running, as the service does it: events beside readings. */
export async function turnEnd(
  server: AgentServer,
  prompt: Prompt,
  reader = readerOf(server, prompt),
): Promise<Verdict> {
  const stop = new AbortController();
  const events = server.events({ signal: stop.signal });
  const listening = (async () => {
    for await (const event of events) reader.noteEvent(event);
  })();
  const verdict = await eventually(
    async () => {
      const reading = await reader.read();
      return reading.verdict.type === 'running' ? null : reading.verdict;
    },
    { withinMs: 90_000, everyMs: 150, what: `the end of the turn "${prompt.text}"` },
  ).finally(() => stop.abort());
  await listening;
  return verdict;
}

export function promptsIn(messages: readonly { role: string }[]): number {
  return messages.filter(({ role }) => role === 'user').length;
}
