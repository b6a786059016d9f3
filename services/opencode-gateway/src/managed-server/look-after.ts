import type { ServerObservation } from '@oio/contracts';
import type { Logger } from '@oio/runtime';
import type { ServerHealth } from '../ports.ts';
import { repeat } from '../repeat.ts';
import { FAILED_CHECKS } from '../server-health.ts';
import type { DrainTurns } from './drain-turns.ts';
import type { ManagedServer } from './managed-server.ts';
import { type Draining, drainReason, nextStep, type RecycleLimits, type ServerFigures } from './recycling.ts';
import type { UsageMeter } from './usage-meter.ts';
import type { Restart } from './supervise-server.ts';

const LOOK_MS = 3_000;
const ASK_MS = 5_000;
const MEBIBYTE = 2 ** 20;

/** What the store answers to an observation. */
export interface ServerDemand {
  /** Attempts on the server that are not closed. */
  readonly running: number;
  /** Those of them whose sessions work; of the others the end is only to be shown, which a new start does. */
  readonly working: number;
  /** Whether an operator wants it drained. */
  readonly asked: boolean;
  /** The session whose attempt is the only one that is not closed. */
  readonly alone: string | null;
  /** Whether it is out of service, because a turn on it could not be shown to have ended. */
  readonly suspended: boolean;
}

export interface CareParts {
  readonly server: ManagedServer;
  readonly health: () => Promise<ServerHealth>;
  /** How many directories it was heard of working in. */
  readonly directories: () => number;
  /** Shows it to the operators and the other gateways. Null when it is not in the store. */
  readonly report: (observation: ServerObservation, draining: string | null) => Promise<ServerDemand | null>;
  /** Tells the scheduler by and by whether it takes attempts, and if not why. */
  readonly onDraining: (reason: string | null) => void;
  readonly meter: UsageMeter;
  readonly restart: Restart;
  readonly limits: RecycleLimits;
  readonly turns: DrainTurns;
  readonly logger: Logger;
  readonly lookMs?: number | undefined;
  readonly healthMs?: number | undefined;
}

/** Looks after a server that is up, for as long as it is: whether it answers, and whether it has to be started anew. */
export function lookAfter(parts: CareParts): AsyncDisposable {
  const caretaker = new Caretaker(parts);
  const { logger, lookMs = LOOK_MS, healthMs = ASK_MS } = parts;
  const ends = [repeat(healthMs, () => caretaker.askHealth(), logger), repeat(lookMs, () => caretaker.look(), logger)];
  return {
    async [Symbol.asyncDispose]() {
      caretaker.leave();
      await Promise.all(ends.map((end) => end()));
    },
  };
}

class Caretaker {
  readonly #parts: CareParts;
  #draining: Draining | null = null;
  #failures = 0;
  #trouble: string | null = null;
  #version: string | null = null;
  #databaseMbBefore: number | null = null;
  /** Of the look before: a peak that is over then, as of a directory that is opened, is no reason to start it anew. */
  #memoryMbBefore = 0;
  #hasLeft = false;

  constructor(parts: CareParts) {
    this.#parts = parts;
  }

  leave(): void {
    this.#hasLeft = true;
    this.#parts.turns.giveBack(this.#parts.server.id);
  }

  async askHealth(): Promise<void> {
    const { health, restart, server, logger } = this.#parts;
    const answer = await health().catch((error: unknown) => error as Error);
    if (this.#hasLeft) return;
    if (!(answer instanceof Error)) {
      this.#failures = 0;
      this.#trouble = null;
      this.#version = answer.version;
      return;
    }
    this.#failures += 1;
    this.#trouble = answer.message;
    logger.warn({ serverId: server.id, failures: this.#failures, err: answer }, 'opencode server does not answer');
    this.#parts.onDraining(this.#reason());
    if (this.#failures < FAILED_CHECKS) return;
    this.#failures = 0;
    await restart(`It did not answer ${FAILED_CHECKS} times in a row.`);
  }

  async look(): Promise<void> {
    const { report, limits, server, onDraining, logger } = this.#parts;
    const observation = await this.#observe();
    if (this.#hasLeft) return;
    const demand = await report(observation, this.#reason()).catch(() => null);
    if (this.#hasLeft) return;
    this.#parts.meter.noteAlone(demand?.alone ?? null, performance.now());
    const situation = {
      figures: this.#figures(observation),
      draining: this.#draining,
      demand,
      nowMs: performance.now(),
    };
    const step = nextStep(situation, limits);
    if (step.type === 'drain') this.#drain(step.cause, situation.nowMs);
    onDraining(this.#reason());
    if (step.type !== 'recycle') return;
    logger.info(
      { serverId: server.id, cause: step.cause, running: demand?.running, ...observation },
      'opencode server recycled',
    );
    const compact = step.cause === 'database' ? (ended: ManagedServer) => ended.compact() : undefined;
    await this.#parts.restart(drainReason(step.cause), compact);
  }

  #drain(cause: Draining['cause'], sinceMs: number): void {
    const { turns, server, logger } = this.#parts;
    if (this.#draining?.cause === cause) return;
    // What may still be at work is ended, whoever else drains.
    if (cause !== 'unconfirmed' && (this.#draining || !turns.take(server.id))) return;
    this.#draining = { cause, sinceMs };
    logger.info({ serverId: server.id, cause }, 'opencode server drains');
  }

  #reason(): string | null {
    if (this.#draining) return drainReason(this.#draining.cause);
    return this.#failures > 0 ? 'It does not answer at the moment.' : null;
  }

  async #observe(): Promise<ServerObservation> {
    const { server, directories, meter } = this.#parts;
    return {
      healthy: this.#failures === 0,
      version: this.#version,
      trouble: this.#trouble,
      startedAt: new Date(server.launchedAtMs).toISOString(),
      directories: directories(),
      ...(await meter.look(performance.now())),
    };
  }

  #figures({ memoryBytes, databaseBytes, directories }: ServerObservation): ServerFigures {
    const databaseMb = (databaseBytes ?? 0) / MEBIBYTE;
    this.#databaseMbBefore ??= databaseMb;
    const memoryMb = (memoryBytes ?? 0) / MEBIBYTE;
    const steadyMb = Math.min(memoryMb, this.#memoryMbBefore);
    this.#memoryMbBefore = memoryMb;
    return {
      ageSeconds: (Date.now() - this.#parts.server.launchedAtMs) / 1_000,
      memoryMb: steadyMb,
      directories: directories ?? 0,
      databaseMb,
      databaseMbBefore: this.#databaseMbBefore,
    };
  }
}
