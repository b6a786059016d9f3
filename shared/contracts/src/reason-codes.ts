import { z } from 'zod';
import { failure } from './usage.ts';

/** One row of the table of reasons why a session does not do or end well. */
export const reasonCode = z
  .object({
    code: z.string(),
    meaning: z.string(),
    advice: z.string().describe('What the user should do.'),
    ends: z.boolean().describe('Whether it ends a session; otherwise it only impairs one, and passes.'),
    retry: z
      .object({
        firstMs: z.int().min(0).describe('The pause before the first retry.'),
        factor: z.number().min(1).describe('From one pause to the next.'),
        longestMs: z.int().min(0),
        jitter: z.number().min(0).max(1).describe('The share by which chance makes a pause shorter or longer.'),
        limit: z.int().min(0).describe('The most retries of a session after which this one is still retried.'),
      })
      .nullable()
      .describe('How the session is retried by itself; null: not at all.'),
  })
  .meta({ id: 'ReasonCode' });
export type ReasonCode = z.output<typeof reasonCode>;

/** A failure as clients see it, with what the table says of its code; a version before this one left that out. */
export const failureView = failure.extend({
  code: z.string().describe('One of those of `/v1/reason-codes`.'),
  meaning: z.string().default(''),
  advice: z.string().default('').describe('What the user should do.'),
});
export type FailureView = z.output<typeof failureView>;
