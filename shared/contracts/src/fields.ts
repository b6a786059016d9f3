import { z } from 'zod';

const GENERIC_TITLES = new Set(['test session', 'new session', 'untitled', 'coding task', 'development session']);
const AGENT_NAME = /^[A-Za-z0-9_-]+$/;
const MODEL = /^[A-Za-z0-9_-]+\/[A-Za-z0-9_.:@/-]+$/;
const METADATA_BYTES = 16_384;

/** Text that every store can hold: no NUL, no lone surrogates. */
export const text = (name: string) =>
  z
    .string({ error: (issue) => `${name} must be a string; ${came(issue.input)}.` })
    .refine(
      (value) => value.isWellFormed() && !value.includes('\0'),
      `${name} holds characters that cannot be stored (NUL or half of a surrogate pair).`,
    );

/** Text of `min` to `max` characters, after `trim` if asked for. Characters are code points, as people count them. */
export function boundedText(name: string, min: number, max: number) {
  const rule =
    min > 0 ? `${min}–${max.toLocaleString('en')} characters` : `at most ${max.toLocaleString('en')} characters`;
  return text(name).refine((value) => value.length >= min && lengthWithin(value, max), {
    error: (issue) => `${name} must have ${rule}; it has ${[...String(issue.input)].length.toLocaleString('en')}.`,
  });
}

export const sessionId = z.uuidv7({
  error: (issue) => `id must be a UUID of version 7 (time-ordered); ${came(issue.input)}.`,
});

export const title = text('title')
  .transform((value) => value.trim())
  .pipe(
    boundedText('title', 1, 200).refine((value) => !GENERIC_TITLES.has(value.toLowerCase()), {
      error: (issue) => `title "${String(issue.input)}" is too generic; say what the session is to do.`,
    }),
  );

export const prompt = boundedText('prompt', 1, 10_000).refine(
  (value) => value.trim().length > 0,
  'prompt must not be blank.',
);

/** Letters, digits, `_` and `-` only. */
export const agentName = text('agent').refine((value) => AGENT_NAME.test(value) && value.length <= 100, {
  error: (issue) => `"${excerpt(issue.input)}" is not an agent name: 1–100 letters, digits, _ and - only.`,
});

/** `provider/model`, as OpenCode spells it. */
export const modelName = text('model').refine((value) => MODEL.test(value) && value.length <= 200, {
  error: (issue) =>
    `model must be provider/model, such as anthropic/claude-sonnet-4.5 (provider: letters, digits, _ and -; model also . : @ and /; at most 200 characters); ${came(issue.input)}.`,
});

export const agentConfig = z
  .record(
    z.string(),
    z.strictObject({
      model: modelName.optional(),
      temperature: z.number().min(0).max(2).optional(),
      maxTokens: z.int().min(1).max(10_000_000).optional(),
      prompt: boundedText('prompt', 1, 10_000).optional(),
      tools: z.record(boundedText('tool', 1, 100), z.boolean()).optional(),
    }),
    { error: (issue) => `agentConfig must be an object of agent name → settings; ${came(issue.input)}.` },
  )
  .superRefine((value, context) => {
    for (const name of Object.keys(value)) {
      if (AGENT_NAME.test(name) && name.length <= 100) continue;
      context.addIssue({
        code: 'custom',
        path: [name],
        message: `"${excerpt(name)}" is not an agent name: 1–100 letters, digits, _ and - only.`,
      });
    }
  });

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
export function decimal(name: string, min: number, max: number, unit: string) {
  const rule = (input: unknown) => `${name} must be a number of ${unit} from ${min} to ${max}; ${came(input)}.`;
  return z
    .number({ error: (issue) => rule(issue.input) })
    .min(min, { error: (issue) => rule(issue.input) })
    .max(max, { error: (issue) => rule(issue.input) });
}

/** One of a fixed set of words. */
export function oneOf<const T extends readonly string[]>(name: string, values: T) {
  return z.enum(values, { error: (issue) => `${name} must be one of ${values.join(', ')}; ${came(issue.input)}.` });
}

export const tags = z
  .array(boundedText('tag', 1, 100), { error: (issue) => `tags must be a list of strings; ${came(issue.input)}.` })
  .max(50, 'tags must be at most 50.')
  .transform((values) => [...new Set(values)]);

/** A JSON object of the client's own. */
export const metadata = z
  .record(z.string(), z.json(), { error: (issue) => `metadata must be a JSON object; ${came(issue.input)}.` })
  .superRefine((value, context) => {
    const json = JSON.stringify(value);
    if (Buffer.byteLength(json) > METADATA_BYTES) {
      context.addIssue({
        code: 'custom',
        message: `metadata must be at most 16 KiB as JSON; it has ${Buffer.byteLength(json).toLocaleString('en')} bytes.`,
      });
    }
    if (json.includes('\\u0000') || /\\ud[89a-f]/.test(json)) {
      context.addIssue({
        code: 'custom',
        message: 'metadata holds characters that cannot be stored (NUL or half of a surrogate pair).',
      });
    }
  });

/** RFC 3339, UTC, milliseconds. */
export const instant = z.iso.datetime();

function lengthWithin(value: string, max: number): boolean {
  return value.length <= max || (value.length <= 2 * max && [...value].length <= max);
}

function came(input: unknown): string {
  if (input === undefined) return 'it is missing';
  if (typeof input === 'string') return `got "${excerpt(input)}"`;
  if (typeof input === 'number' || typeof input === 'boolean' || input === null) return `got ${String(input)}`;
  return `got ${Array.isArray(input) ? 'a list' : `an ${typeof input}`}`;
}

/** Never echo long input. */
function excerpt(input: unknown): string {
  const value = String(input);
  return value.length <= 60 ? value : `${value.slice(0, 57)}…`;
}
