import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { killWithThisProcess } from '@oio/backing-servers';
import { eventually, nodeEnvironment } from '@oio/runtime/testing';

const ROOT = join(import.meta.dirname, '..', '..', '..');

export type Environment = Readonly<Record<string, string | undefined>>;
type Line = Readonly<Record<string, unknown>>;

export interface Readiness {
  readonly code: number;
  readonly status: string;
  readonly reasons: readonly string[];
  readonly dependencies: readonly { readonly name: string; readonly state: string; readonly optional: boolean }[];
}

/** One `services/<name>/src/main.ts` as a process of its own. Disposing of it kills it. */
export class ServiceProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #output = '';

  constructor(service: string, environment: Environment) {
    this.#child = spawn(process.execPath, [join(ROOT, 'services', service, 'src', 'main.ts')], {
      env: { ...nodeEnvironment(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const take = (chunk: Buffer): void => {
      this.#output += chunk.toString();
    };
    this.#child.stdout?.on('data', take);
    this.#child.stderr?.on('data', take);
    this.#ended = once(this.#child, 'close').then(([code]) => code as number | null);
    killWithThisProcess(this.#child);
  }

  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The lines of its log so far. */
  get lines(): readonly Line[] {
    const complete = this.#output.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    return complete.map((line) => JSON.parse(line) as Line);
  }

  /** The first line of its log with this message. */
  said(message: string): Promise<Line> {
    return this.#asLongAsItRuns(`"${message}"`, async () => this.lines.find(({ msg }) => msg === message));
  }

  async readiness(): Promise<Readiness> {
    const { healthUrl } = await this.said('health server listens');
    const response = await fetch(`${String(healthUrl)}/health/ready`);
    return { code: response.status, ...((await response.json()) as Omit<Readiness, 'code'>) };
  }

  /** Resolves when its readiness is as expected; by default, when it can be given work. */
  ready(isExpected: (readiness: Readiness) => boolean = ({ code }) => code === 200): Promise<Readiness> {
    return this.#asLongAsItRuns('its readiness', async () => {
      const readiness = await this.readiness();
      return isExpected(readiness) ? readiness : undefined;
    });
  }

  signal(name: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(name);
  }

  /** Waits for its end. The exit code; null when it was killed. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL');
    await this.#ended;
  }

  async #asLongAsItRuns<T extends object>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    try {
      const answer = await eventually(async () => (this.isRunning ? ask() : 'ended'), { everyMs: 50, what });
      if (typeof answer === 'object') return answer;
    } catch (cause) {
      throw new Error(`Waited in vain for ${what}. It said:\n${this.#output}`, { cause });
    }
    throw new Error(`It has ended without ${what}. It said:\n${this.#output}`);
  }
}
