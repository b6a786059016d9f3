import { z } from 'zod';
import { came, excerpt } from './excerpt.ts';
import { isSafeKey, isStorable, jsonObject, withSafeKeys } from './json.ts';

const GENERIC_TITLES = new Set(['test session', 'new session', 'untitled', 'coding task', 'development session']);
const AGENT_NAME = /^[A-Za-z0-9_-]{1,100}$/;
const MODEL = /^[A-Za-z0-9_-]+\/[A-Za-z0-9_.:@/-]+$/;
/** Something that a person can see: neither white space, nor a control character, nor one that takes no room. */
const VISIBLE = /[^\s\p{Cc}\p{Default_Ignorable_Code_Point}]/u;
const METADATA_BYTES = 16_384;

/** Text that every store can hold: no NUL, no lone surrogates. */
export const text = (name: string) =>
  z
    .string({ error: (issue) => `${name} must be a string; ${came(issue.input)}.` })
    .refine(isStorable, `${name} holds characters that cannot be stored (NUL or half of a surrogate pair).`);

/** Text of `min` to `max` characters. Characters are code points: an emoji counts as one, a family of them as its members. */
export function boundedText(name: string, min: number, max: number) {
  return bounded(text(name), name, min, max);
}

/** Small letters, because an id is compared as text in some places and as a number in others. */
export const sessionId = z
  .uuidv7({ error: (issue) => `id must be a UUID of version 7 (time-ordered); ${came(issue.input)}.` })
  .toLowerCase();

/** The same as services name it among themselves: the store is asked about many at once, and refuses all for one that is none. */
export const knownSessionId = z.guid('must be a UUID');

export const title = bounded(text('title').trim(), 'title', 1, 200)
  .refine(isNotBlank, 'title must not be blank.')
  .refine((value) => !GENERIC_TITLES.has(value.toLowerCase().replaceAll(/\s+/gu, ' ')), {
    error: (issue) => `title "${excerpt(issue.input)}" is too generic; say what the session is to do.`,
  });

/** The same with something in it that a person can see. */
export function visibleText(name: string, max: number) {
  return boundedText(name, 1, max).refine(isNotBlank, `${name} must not be blank.`);
}

export const prompt = visibleText('prompt', 10_000);

/** Letters, digits, `_` and `-` only. */
export const agentName = text('agent').refine((value) => AGENT_NAME.test(value) && isSafeKey(value), {
  error: (issue) => badName(issue.input),
});

/** `provider/model`, as OpenCode spells it. */
export const modelName = text('model').refine((value) => MODEL.test(value) && value.length <= 200, {
  error: (issue) =>
    `model must be provider/model, such as anthropic/claude-sonnet-4-5 (provider: letters, digits, _ and -; model also . : @ and /; at most 200 characters); ${came(issue.input)}.`,
});

const agentSettings = z.strictObject(
  {
    model: modelName.optional(),
    temperature: decimal('temperature', 0, 2).optional(),
    maxTokens: integer('maxTokens', 1, 10_000_000, 'tokens').optional(),
    prompt: boundedText('prompt', 1, 10_000).optional(),
    tools: withSafeKeys(
      z.record(
        boundedText('tool', 1, 100),
        z.boolean({ error: (issue) => `A tool must be true or false; ${came(issue.input)}.` }),
        {
          error: (issue) => `tools must be an object of tool name → true or false; ${came(issue.input)}.`,
        },
      ),
    ).optional(),
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type' ? `The settings of an agent must be an object; ${came(issue.input)}.` : undefined,
  },
);

/** Settings by agent name. */
export const agentConfig = withSafeKeys(
  z
    .record(z.string(), agentSettings, {
      error: (issue) => `agentConfig must be an object of agent name → settings; ${came(issue.input)}.`,
    })
    // Also when the settings are wrong: a record of checked keys would pass over the settings of a bad name.
    .superRefine(refuseBadNames, { when: () => true }),
);

/** An integer in [min, max], told as a whole sentence when it is not. */
export function integer(name: string, min: number, max: number, unit: string) {
  const rule = (input: unknown) =>
    `${name} must be a whole number of ${unit} from ${min.toLocaleString('en')} to ${max.toLocaleString('en')}; ${came(input)}.`;
  return z
    .int({ error: (issue) => rule(issue.input) })
    .min(min, { error: (issue) => rule(issue.input) })
    .max(max, { error: (issue) => rule(issue.input) });
}

/** A number in [min, max], told as a whole sentence when it is not. */
export function decimal(name: string, min: number, max: number, unit?: string) {
  const rule = (input: unknown) =>
    `${name} must be a number${unit ? ` of ${unit}` : ''} from ${min} to ${max}; ${came(input)}.`;
  return z
    .number({ error: (issue) => rule(issue.input) })
    .min(min, { error: (issue) => rule(issue.input) })
    .max(max, { error: (issue) => rule(issue.input) });
}

/** An instant with its offset, kept in UTC with milliseconds, so that instants compare as text. */
export function instant(name: string) {
  return z.iso
    .datetime({
      offset: true,
      error: (issue) =>
        `${name} must be an instant with its offset, such as 2027-03-01T08:00:00Z or 2027-03-01T09:00:00+01:00; ${came(issue.input)}.`,
    })
    .overwrite((value) => (Number.isNaN(Date.parse(value)) ? value : new Date(value).toISOString()));
}

/** One of a fixed set of words. */
export function oneOf<const T extends readonly string[]>(name: string, values: T) {
  return z.enum(values, { error: (issue) => `${name} must be one of ${values.join(', ')}; ${came(issue.input)}.` });
}

export const tags = z
  .array(boundedText('tag', 1, 100), { error: (issue) => `tags must be a list of strings; ${came(issue.input)}.` })
  .max(50, 'tags must be at most 50.')
  .overwrite((values) => [...new Set(values)]);

/** A JSON object of the client's own. */
export const metadata = jsonObject('metadata', METADATA_BYTES);

function bounded(schema: ReturnType<typeof text>, name: string, min: number, max: number) {
  const most = `${max.toLocaleString('en')} characters`;
  const rule = min > 0 ? `${min}–${most}` : `at most ${most}`;
  return schema.refine((value) => value.length >= min && lengthWithin(value, max), {
    error: (issue) => `${name} must have ${rule}; it has ${[...String(issue.input)].length.toLocaleString('en')}.`,
  });
}

function refuseBadNames(value: unknown, context: z.RefinementCtx): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const name of Object.keys(value)) {
    if (!AGENT_NAME.test(name)) context.addIssue({ code: 'custom', path: [name], message: badName(name) });
  }
}

function badName(name: unknown): string {
  return `"${excerpt(name)}" is not an agent name: 1–100 letters, digits, _ and - only.`;
}

/** What is empty is told by its length. */
function isNotBlank(value: string): boolean {
  return value.length === 0 || VISIBLE.test(value);
}

function lengthWithin(value: string, max: number): boolean {
  return value.length <= max || (value.length <= 2 * max && [...value].length <= max);
}
