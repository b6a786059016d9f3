import { pause } from '../pause.ts';
import { ended, type ScriptParts } from './script.ts';
import { pickScript } from './scripts.ts';

export interface LoadOptions extends Omit<ScriptParts, 'directory' | 'anotherDirectory' | 'signal'> {
  readonly directories: readonly string[];
  /** How many clients there are. */
  readonly users: number;
}

/** Clients that keep submitting sessions, before, during and after the faults. */
export interface Load {
  /** How many clients there are at first. */
  readonly users: number;
  /** Adds clients until it is disposed of; each sees its last session end. */
  more(users: number): Disposable;
  /** No new sessions; resolves when every client has seen its last one end, or given up on it. */
  stop(): Promise<void>;
}

export function startLoad(options: LoadOptions): Load {
  const free = [...options.directories];
  const stopping = new AbortController();
  let count = 0;
  const add = (users: number): { readonly done: Promise<unknown>; readonly leave: AbortController } => {
    const leave = new AbortController();
    const signal = AbortSignal.any([leave.signal, stopping.signal]);
    const all = Array.from({ length: users }, () => {
      count += 1;
      return user({ ...options, random: options.random.fork(`user ${count}`) }, free, signal);
    });
    return { done: Promise.all(all), leave };
  };
  const parts = [add(options.users)];
  return {
    users: options.users,
    more(users) {
      const more = add(users);
      parts.push(more);
      return { [Symbol.dispose]: () => more.leave.abort() };
    },
    async stop() {
      stopping.abort();
      await Promise.all(parts.map(({ done }) => done));
    },
  };
}

async function user(options: LoadOptions, free: string[], signal: AbortSignal): Promise<void> {
  const { random } = options;
  await pause(random.int(0, 300), signal);
  while (!signal.aborted) {
    const taken: string[] = [];
    const anotherDirectory = (): string => {
      const directory = free.shift();
      if (directory === undefined) throw new Error('There are more sessions at a time than directories.');
      taken.push(directory);
      return directory;
    };
    const created = await pickScript(random)({ ...options, directory: anotherDirectory(), anotherDirectory, signal });
    if (created.outcome === 'accepted' && created.sessionId) await ended(options, created.sessionId);
    else await pause(random.int(100, 500), signal);
    free.push(...taken);
    await pause(random.int(0, 50), signal);
  }
}
