import { z } from 'zod';

/** How an OpenCode server was when a gateway looked at it last. What cannot be seen from outside is null. */
export const serverObservation = z.object({
  healthy: z.boolean(),
  version: z.string().nullable(),
  trouble: z.string().nullable().describe('Why it is down.'),
  startedAt: z.iso.datetime().nullable(),
  directories: z.int().min(0).nullable().describe('Directories that it has worked in since its start.'),
  memoryBytes: z.int().min(0).nullable().describe('Of its whole process tree.'),
  databaseBytes: z.int().min(0).nullable(),
});
export type ServerObservation = z.output<typeof serverObservation>;
