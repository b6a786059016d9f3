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
  cpuPercent: z.number().min(0).nullable().describe('Of one core, lately, with all that it started.'),
  diskBytes: z.int().min(0).nullable().describe('Of its data directory; counted now and then.'),
});
export type ServerObservation = z.output<typeof serverObservation>;

/** An OpenCode server as operators see it. */
export const serverView = z
  .object({
    id: z.string(),
    url: z.string(),
    managed: z.boolean().describe('Whether a gateway started it and looks after it.'),
    capacity: z.int().describe('Sessions at the same time.'),
    running: z.int().min(0).describe('Attempts on it that are not closed.'),
    state: z.enum(['up', 'down', 'unknown']).describe('`unknown`: no gateway has told of it lately.'),
    draining: z.string().nullable().describe('Why it takes no new attempts; null while it does.'),
    ...serverObservation.omit({ healthy: true }).shape,
    observedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Server' });
export type ServerView = z.output<typeof serverView>;
