import type { ClientCommandName } from '@oio/contracts';

/** What one request came to: an answer with its status, or why there was none. */
export interface Answer {
  readonly at: number;
  readonly ms: number;
  /** Null: no answer, so that nobody knows what became of the command. */
  readonly status: number | null;
  readonly code: string;
  readonly sessionId: string | null;
  readonly version: number | null;
}

/** A command under one Idempotency-Key, with all that was answered to it. */
export interface SentCommand {
  readonly name: ClientCommandName;
  readonly key: string;
  /** The session it is for; of a new one it is known when it was accepted. */
  sessionId: string | null;
  readonly startedAt: number;
  endedAt: number;
  readonly answers: Answer[];
  /** `unknown`: not even the repetitions brought an answer that says. */
  outcome: 'accepted' | 'refused' | 'unknown';
}

/** All that the clients did and were told: what the store is held against afterwards. */
export class History {
  readonly commands: SentCommand[] = [];
  /** What clients saw with their own eyes and must not be: another answer to the same key, say. */
  readonly oddities: { readonly id: string; readonly breach: string }[] = [];

  get accepted(): readonly SentCommand[] {
    return this.commands.filter(({ outcome }) => outcome === 'accepted');
  }

  begin(name: ClientCommandName, key: string, sessionId: string | null): SentCommand {
    const command: SentCommand = {
      name,
      key,
      sessionId,
      startedAt: Date.now(),
      endedAt: Number.POSITIVE_INFINITY,
      answers: [],
      outcome: 'unknown',
    };
    this.commands.push(command);
    return command;
  }

  saw(id: string, breach: string): void {
    this.oddities.push({ id, breach });
  }

  /** How long each command that was begun within one of these windows took until its outcome was clear, or has taken by now. In milliseconds. */
  waits(windows: readonly { readonly from: number; readonly to: number }[]): number[] {
    const begun = this.commands.filter((one) =>
      windows.some(({ from, to }) => one.startedAt >= from && one.startedAt <= to),
    );
    return begun.map(({ startedAt, endedAt }) => Math.min(endedAt, Date.now()) - startedAt);
  }

  /** Commands that were accepted within a time, in milliseconds since 1970. */
  acceptedWithin(from: number, to: number): number {
    return this.accepted.filter(({ endedAt }) => endedAt >= from && endedAt <= to).length;
  }
}
