import type { SessionRef } from '../agent-server/sessions.ts';
import type { AgentServer } from '../ports.ts';
import type { Reporter } from './report.ts';

/** What a run has set going, so that it can be ended from outside. */
export interface RunState {
  openCodeSession: SessionRef | null;
  /** Whether something that was set going, by this run or by one before it, is not shown to have ended. */
  mayWork: boolean;
  /** When a prompt was last handed over, in `performance.now()`. */
  sentAtMs: number | null;
  /** Tells the owner what it does not know yet of what the turn took, once that has been stopped; null before a turn has begun. */
  settle: ((agent: AgentServer, reporter: Reporter) => Promise<void>) | null;
}
