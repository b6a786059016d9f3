import type { SessionRef } from '../ports.ts';

/** What a run has set going, so that it can be ended from outside. */
export interface RunState {
  openCodeSession: SessionRef | null;
  /** When a prompt was last handed over, in `performance.now()`. */
  sentAtMs: number | null;
}
