import { z } from 'zod';
import { liveContract } from './contract.ts';

/** Rung after commits, so that the relay need not wait for its next look. Losing it costs half a second. */
export const historyGrown = liveContract({
  subject: 'history.grown',
  summary: 'There are new events in the history: the relay may publish them.',
  payload: z.object({}),
});

/** Told by a worker that stops, and by the scheduler of one that it finds dead. Losing it costs a time-out. */
export const workerEnded = liveContract({
  subject: 'worker.ended',
  summary: 'A worker owns nothing any more: its sessions may be claimed.',
  payload: z.object({ incarnation: z.string() }),
});
