import { elapsedMs } from './instants.ts';
import type { SessionSnapshot } from './snapshot.ts';

/** Source: the domain specification, section 3.3. */
export function healthScore(snapshot: SessionSnapshot, now: string): number {
  if (snapshot.status === 'completed') return 1;
  if (snapshot.status === 'failed') return 0;
  if (snapshot.status !== 'running') return 0.8;
  const { attemptMs, workingSince } = snapshot.times;
  const share = (attemptMs + elapsedMs(workingSince, now)) / (snapshot.session.maxDurationSeconds * 1_000);
  if (share >= 0.9) return 0.3;
  return share >= 0.7 ? 0.7 : 0.9;
}
