import { newSession, type Priority } from '@oio/contracts';
import { decideCreate } from '@oio/domain';
import type { SessionCommit } from '@oio/persistence';
import { newId } from '@oio/runtime';
import { submission } from '../client/submission.ts';

/** What a session that waits is to be. */
export interface QueuedPlan {
  readonly tenant: string;
  readonly directory: string;
  readonly priority: Priority;
}

/** One that was submitted and queued just now, as the product decides it. */
export function queuedSession({ tenant, directory, priority }: QueuedPlan, owner: string): SessionCommit {
  const id = newId();
  const session = {
    ...newSession.parse({ ...submission(directory), priority }),
    id,
    maxDurationSeconds: 3_600,
    approvalSeconds: 900,
  };
  const { events, next } = decideCreate(
    id,
    {
      tenant,
      createdBy: 'bench',
      session,
      place: { directory, workspace: 'in_place', repository: null },
      policy: { checkpointIntervalSeconds: 300, maxRetries: 3 },
    },
    {
      now: new Date().toISOString(),
      cause: { kind: 'system', id: 'bench' },
      commandId: null,
      epoch: 1,
    },
  );
  return { next, events, epoch: 1, fromVersion: 0, owner, schedulerEpoch: null };
}
