import { z } from 'zod';
import { reportedText } from './json.ts';

/** A process of this machine, by its number and the name of its program. Never with its arguments: they may hold secrets. */
const processName = z.object({ pid: z.int().min(1), name: reportedText });

/** What shows that nothing of a turn works any more. */
export const stopProof = z.object({
  aborted: z.array(z.string()).describe('The OpenCode sessions that were aborted, that of the turn first.'),
  children: z.array(z.string()).describe('The sub-sessions that the agent had opened, at whatever depth.'),
  idleAt: z.iso
    .datetime()
    .describe(
      'When all of them were first seen idle; they were at each of the readings that followed, and nothing moved.',
    ),
  readings: z.int().min(0).describe('How many readings in a row showed that.'),
  conversationDeleted: z
    .boolean()
    .describe('Whether it was deleted, because a prompt that nobody could see might still have arrived in it.'),
  processes: z
    .array(processName)
    .nullable()
    .describe('What its tools had left running and was ended; null where that cannot be seen: on a registered server.'),
});
export type StopProof = z.output<typeof stopProof>;
