import { type NewSession, newSession, type Place, type Priority, type SessionEventData } from '@oio/contracts';

export interface SessionWish {
  readonly id: string;
  readonly priority?: Priority;
  /** The directory to work in itself; without it the session has a worktree. */
  readonly inPlace?: string;
  readonly concurrencyKey?: string;
  readonly model?: string;
  readonly checkpointIntervalSeconds?: number;
  readonly dependsOn?: readonly string[];
  readonly onConflict?: NewSession['onConflict'];
}

/** The facts of a session's birth. */
export function createdData(wish: SessionWish): SessionEventData<'session.created'> {
  const {
    id,
    priority = 'medium',
    inPlace,
    concurrencyKey = null,
    model = null,
    checkpointIntervalSeconds = 300,
    dependsOn,
    onConflict,
  } = wish;
  const place: Place = {
    directory: inPlace ?? '/project',
    workspace: inPlace ? 'in_place' : 'worktree',
    repository: null,
  };
  return {
    tenant: 'acme',
    createdBy: 'ada',
    session: {
      ...newSession.parse({ title: 'Add a parser', prompt: 'Add a parser.', priority, concurrencyKey, model }),
      ...(onConflict && { onConflict }),
      ...(dependsOn && { dependsOn: dependsOn.map((session) => ({ session, on: 'succeeded' as const })) }),
      id,
      maxDurationSeconds: 3_600,
      approvalSeconds: 900,
    },
    place,
    policy: { checkpointIntervalSeconds, maxRetries: 3 },
  };
}
