import { z } from 'zod';
import { came } from './excerpt.ts';
import { oneOf, sessionId } from './fields.ts';

/** What a session is called within a graph, and in the placeholders of a prompt. */
export const localName = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/, {
  error: (issue) => `name must be 1–100 letters, digits, _ and -; ${came(issue.input)}.`,
});

/** `succeeded`: completed, if only in part. `finished`: however it ends. */
const on = oneOf('on', ['succeeded', 'finished'])
  .default('succeeded')
  .describe(
    '`succeeded`: completed, if only in part. `finished`: however it ends. An automatic retry comes before either.',
  );
const name = localName
  .optional()
  .describe('What the result is called in the prompt: `{{deps.<name>.result}}` is replaced by it.');

/** The most that one session depends on. */
const MOST = 50;

function listOf<T extends z.ZodType>(dependency: T) {
  return z
    .array(dependency, { error: (issue) => `dependsOn must be a list; ${came(issue.input)}.` })
    .max(MOST, `dependsOn must be at most ${MOST}.`)
    .optional()
    .describe(
      'The session stays pending until all of these have ended; then it is queued, or ends by onDependencyFailure.',
    );
}

/** Sessions that must end before this one begins. */
export const dependsOn = listOf(z.strictObject({ session: sessionId, on, name }));
export type Dependency = NonNullable<z.output<typeof dependsOn>>[number];

/** The same within a graph, where a session may also be named as it is called there. */
export const dependsOnInGraph = listOf(
  z.strictObject({
    session: z
      .string({ error: (issue) => `session must be a name in the graph or an id; ${came(issue.input)}.` })
      .max(100, 'session must be at most 100 characters.'),
    on,
    name: name.describe('As in a session; the name in the graph when missing.'),
  }),
);

/** What becomes of a session when one that was to succeed did not. */
export const onDependencyFailure = oneOf('onDependencyFailure', ['fail', 'skip', 'continue'])
  .optional()
  .describe(
    'When one that was to succeed did not: `fail` (the default) it, `skip` it (cancelled), or `continue` all the same.',
  );
