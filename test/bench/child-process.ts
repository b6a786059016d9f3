import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { killWithThisProcess } from '@oio/backing-servers';

export interface ChildOptions {
  readonly script: string;
  readonly args?: readonly string[];
  /** Of the interpreter, before the script. */
  readonly nodeOptions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A Node process of the bench's own that says JSON, one line each, on standard output. */
export interface Child<Message> extends AsyncDisposable {
  readonly pid: number;
  /** The messages, until it ends. */
  messages(): AsyncIterable<Message>;
  /** The next message; throws when it ends without one. */
  next(): Promise<Message>;
  send(signal: NodeJS.Signals): void;
}

const STOP_WITHIN_MS = 20_000;

export function startChild<Message>({
  script,
  args = [],
  nodeOptions = [],
  environment,
}: ChildOptions): Child<Message> {
  const child = spawn(process.execPath, [...nodeOptions, script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  killWithThisProcess(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<Message | null> => {
    const { done, value } = await lines.next();
    return done ? null : (JSON.parse(value) as Message);
  };
  return {
    pid: child.pid ?? 0,
    async *messages() {
      for (let message = await read(); message !== null; message = await read()) yield message;
    },
    async next() {
      const message = await read();
      if (message === null) throw new Error(`${script} ended before it was ready.`);
      return message;
    },
    send: (signal) => void child.kill(signal),
    [Symbol.asyncDispose]: () => stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await once(child, 'exit');
  clearTimeout(force);
}
