import type { Status } from '@oio/contracts';
import { isTerminal } from '@oio/domain';
import { pause } from '../pause.ts';
import type { Random } from '../random.ts';
import { pickScript, type ScriptParts } from './scripts.ts';

export interface LoadOptions extends Omit<ScriptParts, 'directory' | 'signal' | 'random'> {
  readonly random: Random;
  readonly directories: readonly string[];
  /** How many clients there are. */
  readonly users: number;
  /** Given when nothing matters any more: nobody waits for the end of a session then. */
  readonly abandoned: AbortSignal;
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

/** How long a client waits for its session to end before it turns to the next one: faults may take long. */
const END_MS = 60_000;

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
    const directory = free.shift();
    if (directory === undefined) throw new Error('There are more clients than directories.');
    const created = await pickScript(random)({ ...options, directory, signal });
    if (created.outcome === 'accepted' && created.sessionId) await ended(options, created.sessionId);
    else await pause(random.int(100, 500), signal);
    free.push(directory);
    await pause(random.int(0, 50), signal);
  }
}

async function ended({ client, random, abandoned }: LoadOptions, sessionId: string): Promise<void> {
  const giveUpAt = performance.now() + END_MS;
  while (performance.now() < giveUpAt && !abandoned.aborted) {
    const status = await client.status(sessionId, 5);
    if (status !== null && isTerminal(status as Status)) return;
    await pause(random.int(100, 300));
  }
}
