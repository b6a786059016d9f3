import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCodeProvider, type ScriptedModel } from '@oio/scripted-model';
import { type Client, createClient } from '@oio/sdk';
import { nodeEnvironment } from '@oio/runtime/testing';
import type { Place } from './place.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const START_MS = 90_000;
/** The first submission waits for the first directory of OpenCode, which takes its time on a machine under load. */
const PATIENCE_MS = 60_000;

export type Environment = Readonly<Record<string, string | undefined>>;

/** A standalone process of its own, in a process group of its own. */
export interface Orchestrator extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  readonly client: Client;
  /** SIGKILL to this process and to nothing that it started. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  terminate(): Promise<number | null>;
}

/** Starts one on the data directory of the place, with a model endpoint that is not its own. */
export async function startOrchestrator(
  place: Place,
  model: Pick<ScriptedModel, 'url' | 'apiKey'>,
  environment: Environment = {},
): Promise<Orchestrator> {
  const process = launch(place, { ...modelSettings(model), ...environment });
  const url = await process.said(/API +(http:\S+)/);
  const apiKey = (await readFile(join(place.data, 'api-key'), 'utf8')).trim();
  const client = createClient({ url, apiKey, retryForMs: PATIENCE_MS });
  return {
    pid: process.pid,
    url,
    client,
    async kill() {
      process.signal('SIGKILL');
      await process.ended;
    },
    async terminate() {
      process.signal('SIGTERM');
      return process.ended;
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      process.signal('SIGTERM');
      await process.ended;
    },
  };
}

export interface FailedStart {
  readonly code: number | null;
  readonly output: string;
}

/** Starts one that is expected to end by itself, and tells how. */
export async function failedStart(
  place: Place,
  environment: Environment = {},
  args: readonly string[] = [],
): Promise<FailedStart> {
  const process = launch(place, environment, args);
  AbortSignal.timeout(START_MS).addEventListener('abort', () => process.signal('SIGKILL'));
  return { code: await process.ended, output: process.output() };
}

export function modelSettings(model: Pick<ScriptedModel, 'url' | 'apiKey'>): Environment {
  const { model: name, provider } = openCodeProvider(model);
  return { OIO_MODEL: name, OIO_PROVIDERS: JSON.stringify(provider) };
}

function launch(place: Place, environment: Environment, args: readonly string[] = []) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: place.repository,
    env: { ...baseEnvironment(place), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    pid: child.pid ?? 0,
    ended,
    output: () => output,
    signal: (name: NodeJS.Signals) => void (child.exitCode === null && child.signalCode === null && child.kill(name)),
    said: (pattern: RegExp) => said(child, pattern, () => output),
  };
}

/** Nothing of the user's: neither credentials nor settings. */
function baseEnvironment({ root, data, repository, plain }: Place): Environment {
  return {
    ...nodeEnvironment(),
    HOME: join(root, 'home'),
    OIO_DATA_DIR: data,
    WORKSPACE_ROOTS: `${repository}:${plain}`,
    API_PORT: '0',
  };
}

async function said(child: ChildProcess, pattern: RegExp, output: () => string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = (): void => reject(new Error(`The orchestrator did not start. It said:\n${output()}`));
  const look = (): void => {
    const found = pattern.exec(output())?.[1];
    if (found !== undefined) resolve(found);
  };
  const late = AbortSignal.timeout(START_MS);
  late.addEventListener('abort', fail);
  child.stdout?.on('data', look);
  child.once('close', fail);
  try {
    return await promise;
  } finally {
    late.removeEventListener('abort', fail);
    child.stdout?.off('data', look);
    child.off('close', fail);
  }
}
