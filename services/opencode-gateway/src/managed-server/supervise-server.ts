import { setTimeout as delay } from 'node:timers/promises';
import type { ManagedServer } from './managed-server.ts';

export interface SupervisorOptions {
  readonly start: () => Promise<ManagedServer>;
  /** The server answers; its url and password may differ from before. */
  readonly onUp: (server: ManagedServer) => void;
  /** It ended by itself, or a new start failed; the next start comes after `retryMs`. */
  readonly onDown: (reason: string, retryMs: number) => void;
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
  /** After this long without trouble the delays begin anew. */
  readonly steadyMs?: number;
}

export interface SupervisedServer {
  /** Null while it is down. */
  readonly server: ManagedServer | null;
  stop(): Promise<void>;
  /** Looks after it no longer, and leaves it running for another keeper. `stop` still ends it. */
  release(): Promise<void>;
}

/** Keeps a server running: starts it again on the same directory when it dies. Only the first start may throw. */
export async function superviseServer(options: SupervisorOptions): Promise<SupervisedServer> {
  const { firstDelayMs = 500, maxDelayMs = 30_000, steadyMs = 60_000 } = options;
  const stopping = new AbortController();
  const released = Promise.withResolvers<string>();
  let server: ManagedServer | null = await options.start();
  options.onUp(server);

  const rounds = (async () => {
    let delayMs = firstDelayMs;
    while (!stopping.signal.aborted) {
      const upSince = performance.now();
      const reason = server === null ? null : await Promise.race([server.exited, released.promise]);
      if (stopping.signal.aborted) return;
      if (reason !== null) {
        if (performance.now() - upSince >= steadyMs) delayMs = firstDelayMs;
        server = null;
        options.onDown(`The OpenCode server ended by itself (${reason}).`, delayMs);
      }
      await delay(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, maxDelayMs);
      if (!stopping.signal.aborted) server = await startAgain(options, delayMs);
    }
  })();

  return {
    get server() {
      return server;
    },
    async release() {
      stopping.abort();
      released.resolve('released');
      await rounds;
      await server?.release();
    },
    async stop() {
      stopping.abort();
      await server?.stop();
      await rounds;
      await server?.stop();
    },
  };
}

async function startAgain({ start, onUp, onDown }: SupervisorOptions, retryMs: number): Promise<ManagedServer | null> {
  try {
    const server = await start();
    onUp(server);
    return server;
  } catch (error) {
    onDown(error instanceof Error ? error.message : String(error), retryMs);
    return null;
  }
}
