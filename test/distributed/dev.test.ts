import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killWithThisProcess } from '@oio/backing-servers';
import { openTestDatabase } from '@oio/persistence/testing';
import { newId } from '@oio/runtime';
import { eventually, nodeEnvironment } from '@oio/runtime/testing';
import { createClient } from '@oio/sdk';
import test from 'ava';
import { connect } from 'nats';
import { startStandIn } from '../stand-in/start-stand-in.ts';

const ROOT = join(import.meta.dirname, '..', '..');
type Line = Readonly<Record<string, unknown>>;

test('npm run dev starts everything, starts again what dies, serves oio, and leaves nothing behind', async (t) => {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'oio-dev-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const { url: databaseUrl } = stack.use(await openTestDatabase());
  const standIn = stack.use(await startStandIn());
  const [data, project] = [join(directory, 'data'), join(directory, 'project')];
  await mkdir(project);
  const { url: server, password } = standIn;
  const dev = stack.use(
    new Dev(['--json', '--root', project, '--data', data, '--port', '0', '--scale', 'opencode-gateway=1'], {
      HOME: directory,
      DATABASE_URL: databaseUrl,
      OPENCODE_SERVERS_MANAGED: '0',
      OPENCODE_SERVERS: JSON.stringify([{ id: 'stand-in', url: server, password, capacity: 4 }]),
    }),
  );
  const url = String((await dev.said('dev', /^everything is ready$/))['url']);

  const apiKey = (await readFile(join(data, 'api-key'), 'utf8')).trim();
  const client = stack.use(createClient({ url, apiKey }));
  const { id } = await client.createSession({ title: 'Say hello', prompt: 'Hello.', model: 'stand-in/m' });
  t.is((await client.ended(id)).status, 'completed');
  const cli = join(ROOT, 'services', 'cli', 'src', 'main.ts');
  const environment = { ...nodeEnvironment(), OIO_URL: url, OIO_DATA_DIR: data };
  const listed = spawnSync(process.execPath, [cli, 'list'], { env: environment, encoding: 'utf8' });
  t.regex(listed.stdout, /Say hello/, listed.stderr);

  const byMessage = newId();
  await submitByMessage((await readFile(join(data, 'nats-url'), 'utf8')).trim(), byMessage);
  t.is((await client.ended(byMessage)).status, 'completed');

  const [first] = dev.pidsOf('session-actor.1');
  process.kill(first ?? 0, 'SIGKILL');
  await dev.said('session-actor.1', /^was ended by SIGKILL, starts again$/);
  await eventually(() => dev.readyTwice('session-actor.1'), { what: 'the new session-actor' });

  const pids = dev.lines.map(({ pid }) => Number(pid)).filter((pid) => pid > 0 && pid !== dev.pid);
  dev.signal('SIGINT');
  t.is(await dev.ended(), 0, dev.output);
  for (const pid of new Set(pids)) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, String(pid));
});

test('npm run dev ends with the reason when a service cannot run with its settings', async (t) => {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'oio-dev-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const { url } = stack.use(await openTestDatabase());
  const dev = stack.use(
    new Dev(['--root', directory, '--data', join(directory, 'data'), '--port', '0'], {
      HOME: directory,
      DATABASE_URL: url,
      OPENCODE_SERVERS_MANAGED: '0',
      MAX_CONCURRENT_SESSIONS: 'many',
    }),
  );
  t.is(await dev.ended(), 78, dev.output);
  t.regex(dev.output, /scheduler\.\d +MAX_CONCURRENT_SESSIONS/);
  t.regex(dev.output, /^scheduler\.\d cannot run; its last lines above say why\.$/m);
});

/** As infra/nats/README.md says. */
async function submitByMessage(url: string, sessionId: string): Promise<void> {
  const { host, username, password } = new URL(url);
  const nats = await connect({ servers: host, user: username, pass: password, inboxPrefix: `_INBOX.${username}` });
  const about = { id: sessionId, correlationId: sessionId, causationId: null, sessionId };
  const envelope = { ...about, tenant: 'default', principal: 'user:ci' };
  const payload = { title: 'Say it by a message', prompt: 'Hello.', model: 'stand-in/m' };
  await nats.request('session.create', JSON.stringify({ v: 1, envelope, payload }), { timeout: 20_000 });
  await nats.close();
}

/** `npm run dev` without npm. */
class Dev implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  output = '';

  constructor(args: readonly string[], environment: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [join(ROOT, 'infra', 'dev', 'main.ts'), ...args], {
      env: { ...nodeEnvironment(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const take = (chunk: Buffer): void => {
      this.output += chunk.toString();
    };
    this.#child.stdout?.on('data', take);
    this.#child.stderr?.on('data', take);
    this.#ended = once(this.#child, 'close').then(([code]) => code as number | null);
    killWithThisProcess(this.#child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get lines(): readonly Line[] {
    const complete = this.output.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    return complete.map((line) => JSON.parse(line) as Line);
  }

  async said(name: string, message: RegExp): Promise<Line> {
    const find = (): Line | undefined =>
      this.lines.find(({ process: who, msg }) => who === name && message.test(String(msg)));
    const look = (): Line | 'ended' | undefined => find() ?? (this.#child.exitCode === null ? undefined : 'ended');
    const found = await eventually(look, { withinMs: 120_000, everyMs: 50, what: String(message) }).catch(() => 'late');
    if (typeof found === 'object') return found;
    throw new Error(`${name} did not say ${message} (${found}). It said:\n${this.output}`);
  }

  /** Of the processes of that name, the oldest first. */
  pidsOf(name: string): readonly number[] {
    return this.lines.filter((line) => line['process'] === name).map(({ pid }) => Number(pid));
  }

  readyTwice(name: string): boolean {
    return this.lines.filter((line) => line['process'] === name && line['msg'] === 'ready for work').length === 2;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  ended(): Promise<number | null> {
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.signal('SIGTERM');
    await this.#ended;
  }
}
