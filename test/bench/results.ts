import type { Pickups } from './backlog/critical.ts';
import type { Fairness } from './backlog/fairness.ts';
import type { BacklogFigures, MeasuredBacklog } from './backlog/measure-backlog.ts';
import { type Failover, type Fault, SESSIONS, type Takeover } from './failover.ts';
import { type Figures, figuresOf } from './figures.ts';
import type { MeasuredLimits } from './limits/measure-limits.ts';

export interface TakeoverResult extends Figures {
  readonly clients: number;
  /** A session-actor that is killed. */
  readonly takeoverMs: Takeover;
  /** One that is frozen. */
  readonly frozenMs: Takeover;
  /** One that is told to stop. */
  readonly handoverMs: Takeover;
}

/** W3: the client's commands around all three faults, and each fault by itself. */
export function takeoverResult(runs: Readonly<Record<Fault, Failover>>): TakeoverResult {
  return {
    ...figuresOf(Object.values(runs).map(({ commands }) => commands)),
    clients: SESSIONS,
    takeoverMs: runs.SIGKILL.takeover,
    frozenMs: runs.SIGSTOP.takeover,
    handoverMs: runs.SIGTERM.takeover,
  };
}

export interface BacklogResult extends Figures {
  /** At a light load on an empty queue, from being accepted and queued to running. */
  readonly freeSlotMs: Pickups;
  readonly fairness: Fairness;
  /** By size. */
  readonly sizes: readonly BacklogFigures[];
}

interface Backlogs {
  readonly freeSlotMs: Pickups;
  readonly fairness: Fairness;
  readonly backlogs: readonly MeasuredBacklog[];
}

/** W4: the sessions that were drained at once, of all sizes, and each size by itself. */
export function backlogResult({ freeSlotMs, fairness, backlogs }: Backlogs): BacklogResult {
  const sizes = backlogs.map(({ figures }) => figures);
  return { ...figuresOf(backlogs.map(({ drain }) => drain)), freeSlotMs, fairness, sizes };
}

/** What was done to learn the limits, all of it together. */
export function limitsResult({ measured }: MeasuredLimits): Figures {
  return figuresOf(measured);
}
