import { z } from 'zod';
import { liveContract } from './contract.ts';
import { boundedText, instant } from './fields.ts';
import { reportedText } from './json.ts';

/** When a model may be asked again, as its provider said when it refused a turn. */
export const quotaReset = z.object({
  model: reportedText.describe('provider/model that was refused.'),
  resetAt: z.iso.datetime(),
  byDefault: z.boolean().describe('Whether nobody had named the model: it is what the server takes by default.'),
});
export type QuotaReset = z.output<typeof quotaReset>;

/** A model that no session is started for until a time. */
export const quota = z
  .object({
    provider: z.string(),
    model: z.string().describe("The provider's own name of the model; it may hold `/`."),
    resetAt: z.iso.datetime().describe('When the first session is let through again, to see whether it is answered.'),
    closedAt: z.iso.datetime(),
    closedBy: z.enum(['provider', 'operator']),
    said: z.string().describe('What the provider said, or the reason that an operator gave.'),
    shortened: z
      .boolean()
      .describe('The provider asked for more than a day; it is asked again after a day all the same.'),
    byDefault: z.boolean().describe('Sessions that name no model wait as well: their server takes this one.'),
  })
  .meta({ id: 'Quota' });
export type Quota = z.output<typeof quota>;

/** What an operator closes a model with. */
export const quotaOrder = z.strictObject({
  until: instant('until').describe('At most seven days ahead.'),
  reason: boundedText('reason', 1, 500).default('Closed by an operator.'),
});

const PROVIDER = /^[A-Za-z0-9_-]{1,100}$/;
const MODEL = /^[A-Za-z0-9_.:@/-]{1,200}$/;

/** A model in a path. What its name holds of `/` is to be escaped (`%2F`). */
export const byModel = z.strictObject({
  provider: z.string().regex(PROVIDER, 'provider must be 1–100 letters, digits, _ and -.'),
  model: z.string().regex(MODEL, 'model must be 1–200 letters, digits and . : @ _ - /, the last one escaped as %2F.'),
});

/** The two halves of provider/model; the model may hold further `/`. */
export function modelParts(name: string): { readonly provider: string; readonly model: string } {
  const slash = name.indexOf('/');
  return { provider: name.slice(0, Math.max(0, slash)), model: name.slice(slash + 1) };
}

/** Whoever keeps them in memory reads them anew. */
export const quotasChanged = liveContract({
  subject: 'quotas.changed',
  summary: 'An operator has closed a model, or opened it again.',
  payload: z.object({}),
});
