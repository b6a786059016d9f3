import { z } from 'zod';
import { liveContract } from './contract.ts';
import { came, excerpt } from './excerpt.ts';
import { boundedText, decimal, integer, modelName, oneOf } from './fields.ts';

/** What a limit counts: the sessions at work in all, of a tenant, in a project directory, with a model, on a server, under a client's key. */
export const LIMIT_SCOPES = ['global', 'tenant', 'directory', 'model', 'server', 'concurrencyKey'] as const;
export type LimitScope = (typeof LIMIT_SCOPES)[number];

const limitRule = z
  .strictObject({
    scope: oneOf('scope', LIMIT_SCOPES),
    name: boundedText('name', 1, 4_096)
      .nullable()
      .default(null)
      .describe(
        'Which tenant, directory (absolute, as in `place` of a session), model (provider/model; sessions that name none do not count for it), server or key; null: each that has no rule of its own.',
      ),
    concurrent: integer('concurrent', 0, 100_000, 'sessions')
      .nullable()
      .default(null)
      .describe('How many sessions may work at the same time; null: no limit of this kind.'),
    startsPerMinute: integer('startsPerMinute', 1, 60_000, 'starts')
      .nullable()
      .default(null)
      .describe('How many may start in a minute, evenly spread; null: as fast as may be.'),
    weight: decimal('weight', 0.01, 1_000)
      .nullable()
      .default(null)
      .describe('Of a tenant: its share within a priority class, relative to the others. 1 when missing.'),
  })
  .superRefine(({ scope, name, weight }, context) => {
    if (scope === 'global' && name !== null)
      context.addIssue({ code: 'custom', path: ['name'], message: 'name must be missing: there is one global limit.' });
    if (scope !== 'tenant' && weight !== null)
      context.addIssue({ code: 'custom', path: ['weight'], message: "weight is a tenant's: scope must be tenant." });
  });
export type LimitRule = z.output<typeof limitRule>;

function twice(scope: LimitScope, name: string | null): string {
  return `There is a rule before it for ${scope}${name === null ? '' : ` "${excerpt(name)}"`}; say both in one.`;
}

/** Why nothing can ever be called so; null for a name that something may have. */
function misnamed(scope: LimitScope, name: string): string | null {
  if (scope === 'directory' && !isPlain(name))
    return `name of a directory must be an absolute path without "." and "..", without "/" at its end; ${came(name)}.`;
  if (scope === 'model') return modelName.safeParse(name).error?.issues[0]?.message.replace(/^model/, 'name') ?? null;
  return null;
}

/** Whether a path is spelt as that of a session is: it is compared as text. */
function isPlain(path: string): boolean {
  const [before, ...parts] = path.split('/');
  return path === '/' || (before === '' && parts.every((part) => !['', '.', '..'].includes(part)));
}

/** The limits that hold now. */
export const limits = z
  .strictObject({
    limits: z
      .array(limitRule, { error: 'limits must be a list of rules.' })
      .max(10_000, 'limits must be at most 10,000.')
      .superRefine((rules, context) => {
        const seen = new Set<string>();
        for (const [index, { scope, name }] of rules.entries()) {
          const key = JSON.stringify([scope, name]);
          if (seen.has(key)) context.addIssue({ code: 'custom', path: [index, 'name'], message: twice(scope, name) });
          seen.add(key);
        }
      }),
  })
  .meta({ id: 'Limits' });
export type Limits = z.output<typeof limits>;

/** Limits as an operator may set them. What is stored may hold names that were taken before they were looked at. */
export const newLimits = limits
  .superRefine(({ limits: rules }, context) => {
    for (const [index, { scope, name }] of rules.entries()) {
      const message = name === null ? null : misnamed(scope, name);
      if (message) context.addIssue({ code: 'custom', path: ['limits', index, 'name'], message });
    }
  })
  .meta({ id: 'NewLimits' });

/** Whoever keeps them in memory reads them anew. */
export const limitsChanged = liveContract({
  subject: 'limits.changed',
  summary: 'An operator has set other limits.',
  payload: z.object({}),
});
