import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { killWithThisProcess } from '@oio/backing-servers';
import { nodeEnvironment } from '@oio/runtime/testing';
import { pause } from '../pause.ts';

export interface Program {
  readonly name: string;
  /** Arguments of the Node that runs the harness. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Whether it can be used; may throw while it cannot. */
  readonly isReady: () => Promise<boolean>;
  /** Told when it ended and nobody had asked it to. */
  readonly onUnexpectedEnd: (how: string) => void;
}

/** A service waits for what it needs, and NATS may be away for two minutes meanwhile. */
const READY_WITHIN_MS = 180_000;
const ASK_EVERY_MS = 50;
const STOP_WITHIN_MS = 30_000;
const LINES_TO_TELL = 12;

/** One Node program of the product as a process of its own, with what a fault wants to do to it. */
export class ChildProgram implements AsyncDisposable {
  readonly #program: Program;
  #child: ChildProcess | null = null;
  #exited: Promise<unknown> = Promise.resolve();
  #isMeantToEnd = false;

  constructor(program: Program) {
    this.#program = program;
  }

  get name(): string {
    return this.#program.name;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Whether it is gone, and no fault has ended it. */
  get hasDied(): boolean {
    return this.#child !== null && !this.isRunning && !this.#isMeantToEnd;
  }

  /** Starts it; resolves when it is ready. */
  async start({ waits = true } = {}): Promise<void> {
    const { args, environment, logFile, name, onUnexpectedEnd } = this.#program;
    await using log = await open(logFile, 'a', 0o600);
    const child = spawn(process.execPath, [...args], {
      env: { ...nodeEnvironment(), HOME: process.env['HOME'] ?? '', ...environment },
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    });
    this.#isMeantToEnd = false;
    this.#child = child;
    this.#exited = once(child, 'exit');
    child.once('exit', (code, signal) => {
      if (!this.#isMeantToEnd) onUnexpectedEnd(`${name} ended by itself with ${signal ?? `exit code ${code}`}`);
    });
    await once(child, 'spawn');
    killWithThisProcess(child);
    if (waits) await this.ready();
  }

  async ready(): Promise<void> {
    const { name, logFile, isReady } = this.#program;
    const endsAt = performance.now() + READY_WITHIN_MS;
    while (this.isRunning && performance.now() < endsAt) {
      if (await isReady().catch(() => false)) return;
      await pause(ASK_EVERY_MS);
    }
    const said = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-LINES_TO_TELL).join('\n');
    throw new Error(`${name} did not become ready. Its log ends with (more in ${logFile}):\n${said}`);
  }

  /** SIGKILL, also for one that is frozen; resolves when it is gone. Begins to act at once. */
  kill(): Promise<unknown> {
    this.#isMeantToEnd = true;
    this.#child?.kill('SIGKILL');
    return this.#exited;
  }

  /** SIGTERM, and SIGKILL when that takes too long. Returns how long it took, in milliseconds. */
  async stop(): Promise<number> {
    if (!this.isRunning) return 0;
    const startedAt = performance.now();
    this.#isMeantToEnd = true;
    const giveUp = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_WITHIN_MS);
    this.#child?.kill('SIGTERM');
    this.#child?.kill('SIGCONT');
    await this.#exited.finally(() => clearTimeout(giveUp));
    return performance.now() - startedAt;
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
