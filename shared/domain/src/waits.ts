import type { Dependency, NewSession, SessionEventData, Status } from '@oio/contracts';
import type { SessionSnapshot } from './snapshot.ts';

/** How a session stands that another one depends on. */
export interface DependencyOutcome {
  readonly id: string;
  readonly status: Status;
  /** Whether it has ended and no automatic retry is due. */
  readonly settled: boolean;
  readonly result: SessionEventData<'session.completed'>['result'];
}

/** Whether it is held back by sessions that it depends on. */
export function waitsForDependencies({ status, session, handedOn }: SessionSnapshot): boolean {
  return status === 'pending' && dependenciesOf(session).length > 0 && !handedOn;
}

/** What is not stored where it is as usual. */
export function waitView(session: Pick<NewSession, 'dependsOn' | 'onDependencyFailure' | 'onConflict'>) {
  const { onDependencyFailure = 'fail', onConflict = 'queue' } = session;
  return { dependsOn: [...dependenciesOf(session)], onDependencyFailure, onConflict };
}

/** The prompt of the submission, with the results of those that it depends on. */
export function firstPrompt({ session, handedOn }: SessionSnapshot): string {
  return handedOn?.prompt ?? session.prompt;
}

/** The sessions that it depends on, as they were named at submission. */
export function dependenciesOf({ dependsOn }: Pick<NewSession, 'dependsOn'>): readonly Dependency[] {
  return dependsOn ?? [];
}
