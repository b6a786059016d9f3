import { EXIT_CODE, StartupError } from '@oio/errors';
import type { DependencyHealth, Logger } from '@oio/runtime';
import { BrokenCircuitError } from 'cockatiel';
import { Redis } from 'ioredis';
import { inTime } from './in-time.ts';
import { type BreakerSettings, createRedisBreaker, type RedisBreaker } from './redis-breaker.ts';
import { failureOf, isRefusedAccess, type RedisFailure, redisError, withoutCommand } from './redis-failure.ts';
import { redisHealth } from './redis-health.ts';
import { redisSettings } from './redis-settings.ts';

/** In these states the client has no socket whose end it would tell. */
const WITHOUT_SOCKET: ReadonlySet<string> = new Set(['wait', 'reconnecting', 'end']);

/** The commands that the product uses. */
export type RedisCommands = Pick<Redis, 'eval' | 'getBuffer' | 'set'>;

/** The one connection of a process to Redis, which may be away at any instant. */
export interface RedisConnection extends AsyncDisposable {
  /**
   * Sends a command. Ends within half a second: with the answer, or with `UnavailableError` of the code `redis_unreachable`,
   * `redis_timeout` (it may yet take effect), `redis_refused` or `redis_breaker_open`. Never sent twice.
   */
  send<T>(command: (redis: RedisCommands) => Promise<T>): Promise<T>;
  health(): Promise<DependencyHealth>;
}

export interface RedisConnectionOptions {
  readonly logger: Logger;
  readonly breaker?: BreakerSettings;
  /** When an unanswered command is given up. Default 450 ms: with all that comes on top nobody awaits Redis for 500. */
  readonly answerWithinMs?: number;
  /** How long the opening waits for the connection; without one it goes on. Default 1 s: one that is there answers by then. */
  readonly openWithinMs?: number;
}

const ANSWER_WITHIN_MS = 450;

const OPEN_WITHIN_MS = 1_000;

/**
 * Opens the connection and keeps it from then on: whenever Redis is away, it comes when it comes. Throws `StartupError`
 * for a malformed address, or if Redis is there and refuses the credentials.
 */
export async function openRedis(url: string, options: RedisConnectionOptions): Promise<RedisConnection> {
  const client = new Redis(redisSettings(url));
  const connection = new GuardedConnection(client, options);
  const patience = AbortSignal.timeout(options.openWithinMs ?? OPEN_WITHIN_MS);
  const late = new Promise<void>((resolve) => patience.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([client.connect().catch(() => {}), late]);
  if (connection.refusal === null) return connection;
  await connection[Symbol.asyncDispose]();
  throw new StartupError(
    `Redis refuses the credentials that REDIS_URL gives: ${connection.refusal.message}`,
    EXIT_CODE.config,
    { cause: connection.refusal },
  );
}

class GuardedConnection implements RedisConnection {
  /** Why Redis does not let us in, as long as it does not. */
  refusal: Error | null = null;
  #isEnding = false;
  readonly #client: Redis;
  readonly #breaker: RedisBreaker;
  readonly #answerWithinMs: number;
  readonly #failures: Record<RedisFailure, number> = { unreachable: 0, timeout: 0, refused: 0, breaker_open: 0 };

  constructor(client: Redis, { logger, breaker, answerWithinMs = ANSWER_WITHIN_MS }: RedisConnectionOptions) {
    this.#client = client;
    this.#breaker = createRedisBreaker(breaker);
    this.#answerWithinMs = answerWithinMs;
    this.#watch(logger);
  }

  async send<T>(command: (redis: RedisCommands) => Promise<T>): Promise<T> {
    try {
      return await this.#breaker.execute(() => inTime(command(this.#client), this.#answerWithinMs));
    } catch (error) {
      const failure = error instanceof BrokenCircuitError ? 'breaker_open' : failureOf(error);
      this.#failures[failure] += 1;
      throw redisError(failure, error);
    }
  }

  health(): Promise<DependencyHealth> {
    const facts = { breaker: this.#breaker.state, failures: this.#failures, refusal: this.refusal };
    return redisHealth(this.#client, facts, this.#answerWithinMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#client.once('end', resolve));
    const isConnected = !WITHOUT_SOCKET.has(this.#client.status);
    this.#isEnding = true;
    this.#client.disconnect();
    if (isConnected) await ended;
  }

  /** Each outage is told once, however often it is noticed. */
  #watch(logger: Logger): void {
    let isAway = false;
    this.#client.on('ready', () => {
      this.refusal = null;
      if (isAway) logger.info('redis is back');
      isAway = false;
    });
    this.#client.on('error', (thrown: unknown) => {
      const error = withoutCommand(thrown);
      if (isRefusedAccess(error)) this.refusal = error;
      // Not the error itself: it holds the command, and the password when that was refused.
      if (!isAway) logger.warn({ reason: error instanceof Error ? error.message : String(error) }, 'redis is away');
      isAway = true;
    });
    this.#client.on('close', () => {
      if (!isAway && !this.#isEnding) logger.warn('redis is away');
      isAway = true;
    });
    this.#breaker.onChange((state) => logger.info({ state }, 'redis breaker changed'));
  }
}
