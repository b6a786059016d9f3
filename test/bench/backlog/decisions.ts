import { join } from 'node:path';
import { startChild } from '../child-process.ts';

/** What the scheduler itself takes, in a process of its own without servers; in CPU time, so that others on the machine do not matter. */
export interface Decisions {
  readonly decisionUs: number;
  readonly queueUs: number;
  readonly bytesEach: number;
  readonly compareMs: number;
}

const SCRIPT = join(import.meta.dirname, '../../../services/scheduler/test/speed/main.ts');

export async function measureDecisions(queued: number): Promise<Decisions> {
  await using child = startChild<Decisions>({
    script: SCRIPT,
    args: [String(queued)],
    nodeOptions: ['--expose-gc'],
  });
  return await child.next();
}
