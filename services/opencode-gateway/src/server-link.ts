import { UnavailableError } from '@oio/errors';
import type { AgentServer } from './ports.ts';

/** The present connection to one OpenCode server, which may go away and come back. */
export interface ServerLink {
  readonly serverId: string;
  /** Throws `UnavailableError` code `server_down` while there is none. */
  agent(): AgentServer;
  readonly up: boolean;
  /** Grows with every start that left nothing of the runs before it. */
  readonly generation: number;
  /** Resolves when the server is up; rejects with the signal's reason. */
  waitUntilUp(signal: AbortSignal): Promise<void>;
}

export interface SettableServerLink extends ServerLink {
  set(agent: AgentServer | null, change: { readonly restarted: boolean }): void;
}

export function createServerLink(serverId: string): SettableServerLink {
  let current: AgentServer | null = null;
  let generation = 0;
  const waiting = new Set<() => void>();
  return {
    serverId,
    get up() {
      return current !== null;
    },
    get generation() {
      return generation;
    },
    agent() {
      if (current) return current;
      throw new UnavailableError(`The OpenCode server ${serverId} is down and being started again.`, {
        code: 'server_down',
        retryAfterMs: 2_000,
      });
    },
    set(agent, { restarted }) {
      current = agent;
      if (restarted) generation += 1;
      if (!agent) return;
      for (const resolve of waiting) resolve();
      waiting.clear();
    },
    async waitUntilUp(signal) {
      signal.throwIfAborted();
      if (!current) await nextCall(waiting, signal);
    },
  };
}

/** Resolves when somebody calls what it puts into the set; rejects with the signal's reason. */
async function nextCall(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => reject(signal.reason as Error);
  waiting.add(resolve);
  signal.addEventListener('abort', onAbort);
  try {
    await promise;
  } finally {
    waiting.delete(resolve);
    signal.removeEventListener('abort', onAbort);
  }
}
