import type { FinishedStep, ResumePoint, StopProof } from '@oio/contracts';
import type { TurnFailure } from '../turn/failure.ts';

/** What a turn did, as far as its end has to tell it: steps that were told on the way are not among these. */
export interface TurnWork {
  readonly steps: FinishedStep[];
  readonly resume: ResumePoint;
}

/** With the steps that were not reported on the way: an end saves a message for each of them. */
export type TurnEnd = TurnWork &
  (
    | { readonly type: 'finished'; readonly text: string; readonly finish: string }
    | ({ readonly type: 'failed'; readonly mayStillRun: boolean; readonly stop?: StopProof } & TurnFailure)
  );

/** The prompt is not there, and a predecessor of this run may still send it: it must not be sent here. */
export interface Unsure {
  readonly type: 'unsure';
}

/** `stop`: the proof that nothing of it works any more, which one that ended by itself does not need; null when there is none. */
export function failedTurn(
  { failure, retryAfterMs }: TurnFailure,
  work: TurnWork,
  stop: StopProof | 'ended' | null = 'ended',
): TurnEnd {
  const proof = stop !== null && stop !== 'ended' && { stop };
  return { type: 'failed', failure, retryAfterMs, mayStillRun: stop === null, ...proof, ...work };
}
