import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openCodeProvider, SCRIPTED_MODEL, type ScriptedModel } from '../src/index.ts';

const BINARY = join(dirname(fileURLToPath(import.meta.resolve('opencode-ai/package.json'))), 'bin', 'opencode.exe');
const PASSWORD = 'only-for-this-test';

const OFFLINE = {
  OPENCODE_DISABLE_AUTOUPDATE: '1',
  OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
  OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
  OPENCODE_DISABLE_MODELS_FETCH: '1',
  OPENCODE_DISABLE_PROJECT_CONFIG: '1',
  OPENCODE_DISABLE_SHARE: '1',
};

/** The real OpenCode server on a scripted model. Disposing of it kills it; its home stays, for another to go on with. */
export interface OpenCode extends AsyncDisposable {
  createSession(directory: string): Promise<string>;
  /** Runs a prompt until the turn has ended, and gives the messages of the session. */
  run(prompt: Prompt): Promise<readonly Message[]>;
  /** Starts a prompt and returns. */
  begin(prompt: Prompt): Promise<void>;
}

export interface Prompt {
  readonly session: string;
  readonly agent?: string;
  /** Null to go on with the message of this id as it is. */
  readonly text: string | null;
  readonly messageId?: string;
}

export interface Message {
  readonly info: {
    readonly role: 'user' | 'assistant';
    readonly finish?: string;
    readonly cost?: number;
    readonly tokens?: { readonly input: number; readonly output: number; readonly reasoning: number };
    readonly error?: { readonly name: string; readonly data: Readonly<Record<string, unknown>> };
  };
  readonly parts: readonly Part[];
}

export interface Part {
  readonly type: string;
  readonly text?: string;
  readonly tool?: string;
  readonly state?: {
    readonly status: string;
    readonly output?: string;
    readonly metadata?: { readonly exit?: number };
  };
}

/** Starts the server in a home directory, empty or used before. */
export async function startOpenCode(model: ScriptedModel, home: string): Promise<OpenCode> {
  const port = await freePort();
  const child = spawn(BINARY, ['serve', '--hostname', '127.0.0.1', '--port', String(port)], {
    cwd: home,
    env: await environment(model, home),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    await listening(child);
  } catch (error) {
    await kill(child);
    throw error;
  }
  return clientOf(`http://127.0.0.1:${port}`, () => kill(child));
}

function clientOf(url: string, stop: () => Promise<void>): OpenCode {
  const prompt = ({ session, agent = 'industrial-coder', text, messageId }: Prompt, path: string) => {
    const parts = text === null ? [] : [{ type: 'text', text }];
    const body = { agent, model: SCRIPTED_MODEL, parts, ...(messageId && { messageID: messageId }) };
    return request(`${url}/session/${session}/${path}`, 'POST', body);
  };
  return {
    async createSession(directory) {
      const query = `directory=${encodeURIComponent(directory)}`;
      return ((await request(`${url}/session?${query}`, 'POST', { title: 'Scripted' })) as { id: string }).id;
    },
    async run(order) {
      await prompt(order, 'message');
      return (await request(`${url}/session/${order.session}/message`, 'GET')) as Message[];
    },
    async begin(order) {
      await prompt(order, 'prompt_async');
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function request(url: string, method: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Basic ${btoa(`opencode:${PASSWORD}`)}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(90_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}

async function environment(model: ScriptedModel, home: string): Promise<Record<string, string>> {
  const kinds = ['DATA', 'CONFIG', 'STATE', 'CACHE'];
  const directories = kinds.map((kind) => [`XDG_${kind}_HOME`, join(home, kind.toLowerCase())] as const);
  for (const [, path] of directories) await mkdir(path, { recursive: true });
  await withoutDownloads(join(home, 'config', 'opencode'));
  const models = join(home, 'no-models.json');
  await writeFile(models, '{}');
  return {
    ...OFFLINE,
    ...Object.fromEntries(directories),
    HOME: home,
    OPENCODE_MODELS_PATH: models,
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    OPENCODE_CONFIG_CONTENT: configuration(model),
    OPENCODE_SERVER_PASSWORD: PASSWORD,
  };
}

/** As a managed server has it: OpenCode takes its plugin library, which it would install, for being there. */
async function withoutDownloads(directory: string): Promise<void> {
  await mkdir(join(directory, 'node_modules'), { recursive: true });
  const lock = { packages: { '': { dependencies: { '@opencode-ai/plugin': '*' } } } };
  await writeFile(join(directory, 'package-lock.json'), JSON.stringify(lock));
}

function configuration(model: ScriptedModel): string {
  const agent = (prompt: string, permission = {}) => ({ mode: 'primary', description: prompt, prompt, permission });
  return JSON.stringify({
    ...openCodeProvider(model),
    autoupdate: false,
    share: 'disabled',
    permission: { question: 'deny', external_directory: 'deny' },
    agent: {
      'industrial-coder': agent('You write code.'),
      'industrial-architect': agent('You plan.'),
      'meticulous-reviewer': agent('You review.', { edit: 'deny', bash: 'deny' }),
    },
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Before its line on stdout the server accepts connections that it never answers. */
async function listening(child: ChildProcess): Promise<void> {
  if (!child.stdout) throw new Error('OpenCode has no stdout.');
  for await (const line of createInterface({ input: child.stdout, signal: AbortSignal.timeout(60_000) })) {
    if (!line.includes('listening on')) continue;
    child.stdout.resume();
    return;
  }
  throw new Error('OpenCode ended, or said nothing for a minute, before it was listening.');
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

/** What the agent said last. */
export function lastText(messages: readonly Message[]): string {
  return messages.at(-1)?.parts.find((part) => part.type === 'text')?.text ?? '';
}
