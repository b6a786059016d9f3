import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openCodeProvider, type ScriptedModel } from '../src/index.ts';

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

/** The real OpenCode server on a scripted model, in a home of its own. */
export interface OpenCode extends AsyncDisposable {
  /** Runs a prompt in a directory until the turn has ended, and gives the messages of the session. */
  run(order: {
    readonly directory: string;
    readonly agent?: string;
    readonly prompt: string;
    readonly session?: string;
  }): Promise<Turn>;
  call(method: string, path: string, body?: object): Promise<unknown>;
}

export interface Turn {
  readonly session: string;
  readonly messages: readonly Message[];
}

export interface Message {
  readonly info: {
    readonly role: string;
    readonly finish?: string;
    readonly error?: { readonly name: string; readonly data: Record<string, unknown> };
    readonly cost?: number;
    readonly tokens?: Record<string, unknown>;
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
    readonly error?: string;
    readonly metadata?: Record<string, unknown>;
  };
}

export async function startOpenCode(model: ScriptedModel): Promise<OpenCode> {
  const home = await mkdtemp(join(tmpdir(), 'oio-scripted-home-'));
  const port = await freePort();
  const child = spawn(BINARY, ['serve', '--hostname', '127.0.0.1', '--port', String(port)], {
    cwd: home,
    env: {
      PATH: process.env['PATH'],
      ...(await ownDirectories(home)),
      ...OFFLINE,
      OPENCODE_CONFIG_CONTENT: configuration(model),
      OPENCODE_SERVER_PASSWORD: PASSWORD,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const stop = () => stopServer(child, home);
  try {
    await listening(child);
  } catch (error) {
    await stop();
    throw error;
  }
  const call = (method: string, path: string, body?: object) =>
    request(`http://127.0.0.1:${port}${path}`, method, body);
  return { call, run: (order) => runTurn(call, order), [Symbol.asyncDispose]: stop };
}

async function runTurn(call: OpenCode['call'], order: Parameters<OpenCode['run']>[0]): Promise<Turn> {
  const { directory, agent = 'industrial-coder', prompt } = order;
  const query = `?directory=${encodeURIComponent(directory)}`;
  const session =
    order.session ?? ((await call('POST', `/session${query}`, { title: 'Scripted' })) as { id: string }).id;
  const parts = [{ type: 'text', text: prompt }];
  await call('POST', `/session/${session}/message${query}`, {
    agent,
    model: { providerID: 'scripted', modelID: 'demo' },
    parts,
  });
  return { session, messages: (await call('GET', `/session/${session}/message${query}`)) as Message[] };
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
  return text === '' ? undefined : JSON.parse(text);
}

function configuration(model: ScriptedModel): string {
  return JSON.stringify({
    ...openCodeProvider(model),
    autoupdate: false,
    share: 'disabled',
    permission: { question: 'deny', external_directory: 'deny' },
    agent: {
      'industrial-coder': { mode: 'primary', description: 'Writes code.', prompt: 'You write code.' },
      'industrial-architect': { mode: 'primary', description: 'Plans.', prompt: 'You plan.' },
      'meticulous-reviewer': {
        mode: 'primary',
        description: 'Reviews.',
        prompt: 'You review.',
        permission: { edit: 'deny', bash: 'deny' },
      },
    },
  });
}

async function ownDirectories(home: string): Promise<Record<string, string>> {
  const entries = ['DATA', 'CONFIG', 'STATE', 'CACHE'].map(
    (kind) => [`XDG_${kind}_HOME`, join(home, kind.toLowerCase())] as const,
  );
  for (const [, path] of entries) await mkdir(path);
  return { HOME: home, ...Object.fromEntries(entries) };
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

/** SIGTERM alone is not enough: with idle connections open the server stays. */
async function stopServer(child: ChildProcess, home: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
  await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
