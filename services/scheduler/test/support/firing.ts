import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CommandReply } from '@oio/contracts';
import { ConflictError } from '@oio/errors';
import type { SessionEnvelope, SessionRouter } from '@oio/ownership';
import type { Database } from '@oio/persistence';
import { createLogger } from '@oio/runtime';
import { createPostgresScheduleTable } from '../../src/adapters/postgres-schedule-table.ts';
import { PacedCommands } from '../../src/paced-commands.ts';
import type { ScheduleTable } from '../../src/ports.ts';
import { fireSchedules } from '../../src/schedules.ts';
import { ManualClock } from './manual-clock.ts';

const logger = createLogger('test', { level: 'silent' });

interface Submission {
  readonly envelope: SessionEnvelope;
  readonly payload: Record<string, unknown>;
}

/** Session-actors: a session is there from the first submission that got through on. */
export class Sessions {
  readonly accepted: Submission[] = [];
  /** Runs before one is accepted, and before its acceptance is answered. */
  before: (submission: Submission) => Promise<void> = async () => {};
  after: (submission: Submission) => Promise<void> = async () => {};

  readonly router = {
    send: async (_name: string, payload: Record<string, unknown>, envelope: SessionEnvelope): Promise<CommandReply> => {
      const submission = { payload, envelope };
      await this.before(submission);
      const isKnown = this.accepted.some(({ envelope: { id, sessionId } }) => {
        if (sessionId === envelope.sessionId && id !== envelope.id) throw new ConflictError('id taken');
        return id === envelope.id;
      });
      if (!isKnown) this.accepted.push(submission);
      await this.after(submission);
      const outcome = isKnown ? 'repeated' : 'applied';
      return { sessionId: envelope.sessionId, version: 2, status: 'queued', outcome, session: null };
    },
  } as unknown as SessionRouter;
}

/** A scheduler that does nothing but fire schedules. */
export function firing(
  database: Database,
  sessions: Sessions,
  table: ScheduleTable = createPostgresScheduleTable(database),
) {
  const clock = new ManualClock();
  const commands = new PacedCommands({ clock, logger, what: 'fire' });
  const parts = { table, router: sessions.router, commands, logger, onDone: () => {} };
  return {
    look: () => fireSchedules(parts),
    /** Looks, as often as it takes, until nothing is under way. */
    async settle(): Promise<void> {
      for (let rounds = 0; rounds < 20; rounds += 1) {
        await fireSchedules(parts);
        while (commands.resting.length > 0) {
          await nextTurn();
          clock.advance(1_000);
        }
      }
    },
  };
}
