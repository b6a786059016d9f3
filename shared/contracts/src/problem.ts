import { z } from 'zod';
import { violation } from './opencode.ts';

/** An answer to a request that could not be met. Source: RFC 9457. */
export const problem = z
  .object({
    type: z.string().describe('about:blank, or a page about this kind of problem.'),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Stable; for programs.'),
    detail: z.string().describe('What was expected, what came, what to do.'),
    instance: z.string().optional(),
    violations: z.array(violation).optional().describe('Every violated field of the input.'),
    facts: z.record(z.string(), z.json()).optional(),
    correlationId: z.string().optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.output<typeof problem>;
