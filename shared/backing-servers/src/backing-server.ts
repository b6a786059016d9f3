import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { untilStopped } from './until-stopped.ts';
import { killWithThisProcess } from './with-this-process.ts';

/** A real server as a process of its own, with what a test or a fault wants to do to it. Disposing of it ends it. */
export interface BackingServer extends AsyncDisposable {
  /** On 127.0.0.1; the same over all restarts. */
  readonly port: number;
  /** Of the process that runs, or ran last. */
  readonly pid: number;
  readonly isRunning: boolean;
  /** What the server says, appended to over all restarts. */
  readonly logFile: string;
  /** SIGKILL, also for one that is frozen; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL if that takes more than five seconds. */
  stop(): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing, once this has resolved. */
  freeze(): Promise<void>;
  /** SIGCONT. */
  thaw(): void;
  /** Starts it again on the same port and directory, with the same credentials; resolves when it is ready. */
  restart(): Promise<void>;
}

/** How one kind of server is started, and how one knows that it is ready. */
export interface ServerKind {
  readonly name: string;
  readonly binary: string;
  args(port: number): readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Goes to its standard input, so that no password stands in the list of processes. */
  readonly input?: string;
  /** Whether it is this very server that answers on the port; may throw while it does not yet. */
  isReady(port: number): Promise<boolean>;
}

const READY_WITHIN_MS = 15_000;
const ASK_EVERY_MS = 5;
const STOP_WITHIN_MS = 5_000;
/** A free port can be lost to somebody else between choice and use. */
const PORTS_TO_TRY = 5;

/** Starts a server in a directory, which is made if missing; on any free port by default. Throws `StartupError`. */
export async function startBackingServer(kind: ServerKind, directory: string, port?: number): Promise<BackingServer> {
  await mkdir(directory, { recursive: true });
  for (let tries = 1; ; tries += 1) {
    const server = new ServerProcess(kind, directory, port ?? (await freePort()));
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server.kill();
      if (port !== undefined || tries === PORTS_TO_TRY) throw error;
    }
  }
}

class ServerProcess implements BackingServer {
  readonly port: number;
  readonly logFile: string;
  readonly #kind: ServerKind;
  readonly #directory: string;
  #child: ChildProcess | null = null;
  #exited: Promise<unknown> = Promise.resolve();

  constructor(kind: ServerKind, directory: string, port: number) {
    this.#kind = kind;
    this.#directory = directory;
    this.port = port;
    this.logFile = join(directory, `${kind.name}.log`);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async restart(): Promise<void> {
    await this.stop();
    await using log = await open(this.logFile, 'a', 0o600);
    // A group of its own: Ctrl-C in the terminal ends those who need it first.
    const child = spawn(this.#kind.binary, this.#kind.args(this.port), {
      cwd: this.#directory,
      env: { ...this.#kind.environment },
      stdio: ['pipe', log.fd, log.fd],
      detached: true,
    });
    this.#child = child;
    this.#exited = once(child, 'exit').catch(() => {});
    await once(child, 'spawn');
    killWithThisProcess(child);
    child.stdin?.on('error', () => {}).end(this.#kind.input ?? '');
    await this.#ready();
  }

  async kill(): Promise<void> {
    if (this.isRunning) this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    const giveUp = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_WITHIN_MS);
    this.#child?.kill('SIGTERM');
    this.#child?.kill('SIGCONT');
    await this.#exited.finally(() => clearTimeout(giveUp));
  }

  async freeze(): Promise<void> {
    this.#child?.kill('SIGSTOP');
    await untilStopped(this.pid);
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #ready(): Promise<void> {
    const endsAt = performance.now() + READY_WITHIN_MS;
    while (this.isRunning && performance.now() < endsAt) {
      if (await this.#kind.isReady(this.port).catch(() => false)) return;
      await pause(ASK_EVERY_MS);
    }
    const said = (await readFile(this.logFile, 'utf8')).split('\n').slice(-LINES_TO_TELL).join('\n');
    throw new StartupError(
      `${this.#kind.name} did not start on port ${this.port}. Its log ends with (more in ${this.logFile}):\n${said}`,
      EXIT_CODE.unavailable,
    );
  }
}

const LINES_TO_TELL = 8;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('A TCP server has no port.');
  return address.port;
}
