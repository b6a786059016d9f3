import { setTimeout as delay } from 'node:timers/promises';
import type { ManagedServer } from './managed-server.ts';

export interface SupervisorOptions {
  readonly start: () => Promise<ManagedServer>;
  /** The server answers; its url and password may differ from before. */
  readonly onUp: (server: ManagedServer, restart: Restart) => void;
  /** It ended, or a new start failed; the next start comes after `retryMs`. */
  readonly onDown: (reason: string, retryMs: number) => void;
  readonly firstDelayMs?: number;
  /** Between starts that fail. */
  readonly maxDelayMs?: number;
  /** After the end of one that had come up. */
  readonly maxDelayAfterEndMs?: number;
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

/**
 * Ends a server with all that it started, and starts it again at once; `prepare` comes in between. Does nothing while it is
 * down. Resolves before the new start.
 */
export type Restart = (why: string, prepare?: (server: ManagedServer) => Promise<void>) => Promise<void>;

/** Keeps a server running: starts it again on the same directory when it dies. Only the first start may throw. */
export async function superviseServer(options: SupervisorOptions): Promise<SupervisedServer> {
  const supervised = new Supervised(options, await options.start());
  supervised.begin();
  return supervised;
}

const DELAYS = { firstDelayMs: 500, maxDelayMs: 30_000, maxDelayAfterEndMs: 4_000, steadyMs: 60_000 };

/** A new start that somebody wants. */
interface WantedRestart {
  readonly why: string;
  /** Settled once the old server has ended and the new one may be started. */
  readonly prepared: Promise<void>;
}

class Supervised implements SupervisedServer {
  readonly #options: SupervisorOptions;
  readonly #delays: typeof DELAYS;
  readonly #stopping = new AbortController();
  readonly #released = Promise.withResolvers<string>();
  #wanted: WantedRestart | null = null;
  #rounds: Promise<void> = Promise.resolve();
  server: ManagedServer | null;

  constructor(options: SupervisorOptions, server: ManagedServer) {
    this.#options = options;
    this.#delays = { ...DELAYS, ...options };
    this.server = server;
  }

  begin(): void {
    if (this.server) this.#options.onUp(this.server, this.#restart);
    this.#rounds = this.#keepRunning();
  }

  readonly #restart: Restart = async (why, prepare = async () => {}) => {
    const { server } = this;
    if (!server || this.#wanted || this.#stopping.signal.aborted) return;
    const ended = server.end();
    const prepared = ended.then(() => prepare(server));
    // Whoever asked is told; the new start is made in any case.
    this.#wanted = { why, prepared: prepared.catch(() => {}) };
    await ended.catch((error: unknown) => {
      // It is still there, and may be restarted later.
      this.#wanted = null;
      throw error;
    });
    await prepared;
  };

  async release(): Promise<void> {
    this.#stopping.abort();
    this.#released.resolve('released');
    await this.#rounds;
    await this.server?.release();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.server?.stop();
    await this.#rounds;
    await this.server?.stop();
  }

  async #keepRunning(): Promise<void> {
    const { firstDelayMs, maxDelayMs, maxDelayAfterEndMs, steadyMs } = this.#delays;
    let delayMs = firstDelayMs;
    while (!this.#stopping.signal.aborted) {
      const upSince = performance.now();
      const reason = this.server && (await Promise.race([this.server.exited, this.#released.promise]));
      if (this.#stopping.signal.aborted) return;
      if (reason !== null && performance.now() - upSince >= steadyMs) delayMs = firstDelayMs;
      // What it worked on waits for it; and one that comes up and ends again costs a start in some seconds at the most.
      const waitMs = await this.#ended(reason, reason === null ? delayMs : Math.min(delayMs, maxDelayAfterEndMs));
      await delay(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (waitMs > 0) delayMs = Math.min(delayMs * 2, maxDelayMs);
      if (!this.#stopping.signal.aborted) this.server = await this.#startAgain(delayMs);
    }
  }

  /** Tells of the end; how long to wait before the next start. */
  async #ended(reason: string | null, delayMs: number): Promise<number> {
    const wanted = this.#wanted;
    this.#wanted = null;
    this.server = null;
    if (wanted) {
      this.#options.onDown(wanted.why, 0);
      await wanted.prepared;
      return 0;
    }
    if (reason !== null) this.#options.onDown(`The OpenCode server ended by itself (${reason}).`, delayMs);
    return delayMs;
  }

  async #startAgain(retryMs: number): Promise<ManagedServer | null> {
    const { start, onUp, onDown } = this.#options;
    try {
      const server = await start();
      this.server = server;
      onUp(server, this.#restart);
      return server;
    } catch (error) {
      onDown(error instanceof Error ? error.message : String(error), retryMs);
      return null;
    }
  }
}
