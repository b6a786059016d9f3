import type { Clock, Logger } from '@oio/runtime';
import { Backoff } from './backoff.ts';

const IN_FLIGHT = 256;
const PAUSE = { firstMs: 1_000, longestMs: 10_000 } as const;

export interface PacedCommandsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What is sent, for the log. */
  readonly what: string;
}

/** `done`: that was it. `again`: it may have to be sent once more, after a pause. */
export type CommandOutcome = 'done' | 'again';

/** Sends commands side by side, one at a time per session; a session that keeps failing waits longer and longer and holds up nobody. */
export class PacedCommands implements AsyncDisposable {
  readonly #options: PacedCommandsOptions;
  readonly #backoff: Backoff;
  readonly #inFlight = new Map<string, Promise<void>>();

  constructor(options: PacedCommandsOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ clock: options.clock, ...PAUSE });
  }

  /** How many more can be sent now. */
  get room(): number {
    return IN_FLIGHT - this.#inFlight.size;
  }

  /** The sessions that nothing should be sent to now. */
  get resting(): string[] {
    return [...this.#inFlight.keys(), ...this.#backoff.cooling()];
  }

  send(id: string, command: () => Promise<CommandOutcome>): void {
    if (this.#inFlight.has(id)) return;
    const sending = this.#send(id, command).finally(() => this.#inFlight.delete(id));
    this.#inFlight.set(id, sending);
  }

  /** Nothing rests any more: who failed, or was sent to, is not there now, or another one is who may do better. */
  forgetPauses(): void {
    this.#backoff.forgetAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#inFlight.values());
  }

  async #send(id: string, command: () => Promise<CommandOutcome>): Promise<void> {
    const { logger, what } = this.#options;
    try {
      if ((await command()) === 'done') this.#backoff.succeed(id);
      else this.#backoff.fail(id);
    } catch (error) {
      const failures = this.#backoff.fail(id);
      logger[failures === 1 ? 'warn' : 'debug']({ err: error, sessionId: id, failures }, `${what} failed`);
    }
  }
}
