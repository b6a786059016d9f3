import type { NewSession, Violation } from '@oio/contracts';
import { abort, settleChildren } from './decide-client.ts';
import { canBecome, type Decider, emit, nothing, transitionTo } from './decision.ts';
import { failureOf } from './failures.ts';
import { isLiving } from './transitions.ts';

/** What is wrong about the concurrency key of a submission. */
export function keyViolations({
  concurrencyKey,
  onConflict,
}: Pick<NewSession, 'concurrencyKey' | 'onConflict'>): Violation[] {
  if (onConflict === undefined || concurrencyKey !== null) return [];
  const message = 'onConflict says what becomes of sessions with the same concurrencyKey, and there is none.';
  return [{ field: 'onConflict', code: 'contradiction', message }];
}

/** A newer session with the same key takes its place. */
export const supersede: Decider<'supersede'> = (snapshot, { by }) => {
  if (!isLiving(snapshot.status)) return nothing;
  const failure = failureOf('superseded', `Session ${by} with the same concurrency key took its place.`);
  const effects = [...abort(snapshot), ...settleChildren(snapshot)];
  if (canBecome(snapshot, 'cancelled'))
    return emit([{ type: 'session.cancelled', data: { ...transitionTo(snapshot, 'cancelled'), failure } }], effects);
  return emit([{ type: 'session.stopped', data: { ...transitionTo(snapshot, 'stopped'), failure } }], effects);
};
