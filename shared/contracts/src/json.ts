import { z } from 'zod';
import { came } from './excerpt.ts';

export type Json = z.core.util.JSONType;
export type JsonObject = { [key: string]: Json };

/** Deeper nesting than this is an attack or a mistake; every reader of it recurses. */
export const JSON_DEPTH = 64;

/** Keys that reach the prototype of an object in careless code. */
const UNSAFE_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** A JSON value of somebody else's: of bounded depth, with keys and characters that every store and every reader can take. */
export const json = z
  .unknown()
  .superRefine((value, context) => void refuseFlaws(value, context)) as unknown as z.ZodType<Json, Json>;

/** A JSON object of somebody else's; `maxBytes` bounds it as UTF-8. */
export function jsonObject(name: string, maxBytes = Number.POSITIVE_INFINITY) {
  const schema = z.unknown().superRefine((value, context) => {
    if (!isPlainObject(value))
      context.addIssue({ code: 'custom', message: `${name} must be a JSON object; ${came(value)}.` });
    else if (refuseFlaws(value, context)) refuseLength(name, value, maxBytes, context);
  });
  return schema.meta({ type: 'object', additionalProperties: {} }) as unknown as z.ZodType<JsonObject, JsonObject>;
}

/**
 * What an agent or a server has said. What no store can hold of it is replaced, not refused: a session would hang whose
 * last report is refused.
 */
export const reportedText = z.string().overwrite(storable);

/** The same for JSON. */
export const reportedJson = z.preprocess((value) => storableJson(value), json) as unknown as z.ZodType<Json, Json>;

/** The same for a JSON object. */
export function reportedObject(name: string) {
  return z.preprocess((value) => storableJson(value), jsonObject(name)) as unknown as z.ZodType<JsonObject, JsonObject>;
}

/** Whether a key is a name only, in whatever object it is used. */
export function isSafeKey(key: string): boolean {
  return !UNSAFE_KEYS.has(key);
}

/** Text that every store can hold: no NUL, no half of a surrogate pair. */
export function isStorable(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0');
}

/**
 * A record that refuses keys which reach a prototype, as unknown fields; by itself a record drops `__proto__` without a
 * word. Of all kinds of issue only this one lets the record be checked all the same, so that everything else is named too.
 */
export function withSafeKeys<T extends z.ZodType>(record: T): T {
  const guard = (input: unknown, context: z.RefinementCtx): unknown => {
    if (!isPlainObject(input)) return input;
    const keys = Object.keys(input).filter((key) => !isSafeKey(key));
    if (keys.length > 0) context.addIssue({ code: 'unrecognized_keys', keys, input });
    return input;
  };
  return z.preprocess(guard, record) as unknown as T;
}

function storable(value: string): string {
  return isStorable(value) ? value : value.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** Leaves alone what is nested too deep: that is refused in any case. */
function storableJson(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return storable(value);
  if (depth > JSON_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => storableJson(item, depth + 1));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storable(key), storableJson(item, depth + 1)]));
}

type Path = readonly [parent: Path, key: string | number] | null;
type Visit = readonly [value: unknown, path: Path, depth: number];

/** Names the first flaw of each kind; true when there is none. Without recursion, so that no depth can overflow the stack. */
function refuseFlaws(root: unknown, context: z.RefinementCtx): boolean {
  const told = new Set<string>();
  const visits: Visit[] = [[root, null, 0]];
  for (let visit = visits.pop(); visit; visit = visits.pop()) {
    const [value, path] = visit;
    const flaw = flawOf(visit);
    if (!flaw) for (const entry of entriesOf(visit)) visits.push(entry);
    else if (!told.has(flaw)) {
      told.add(flaw);
      context.addIssue({ code: 'custom', input: value, path: keysOf(path), message: flaw });
    }
  }
  return told.size === 0;
}

function flawOf([value, path, depth]: Visit): string | null {
  if (depth > JSON_DEPTH) return `It is nested more than ${JSON_DEPTH} levels deep.`;
  const key = path?.[1];
  if (typeof key === 'string' && !isSafeKey(key))
    return 'The keys __proto__, constructor and prototype are not accepted.';
  if ((typeof key === 'string' && !isStorable(key)) || (typeof value === 'string' && !isStorable(value))) {
    return 'It holds characters that cannot be stored (NUL or half of a surrogate pair).';
  }
  return isJson(value) ? null : 'It is not JSON: only objects, lists, text, finite numbers, true, false and null are.';
}

function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  return Array.isArray(value) || isPlainObject(value);
}

function entriesOf([value, path, depth]: Visit): Visit[] {
  if (Array.isArray(value)) return value.map((item: unknown, index) => [item, [path, index], depth + 1]);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([key, item]) => [item, [path, key], depth + 1]);
}

function keysOf(path: Path): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let step = path; step; step = step[0]) keys.unshift(step[1]);
  return keys;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function refuseLength(name: string, value: unknown, maxBytes: number, context: z.RefinementCtx): void {
  if (maxBytes === Number.POSITIVE_INFINITY) return;
  const bytes = new TextEncoder().encode(JSON.stringify(value)).length;
  if (bytes <= maxBytes) return;
  const limit = `${maxBytes / 1_024} KiB (${maxBytes.toLocaleString('en')} bytes)`;
  context.addIssue({
    code: 'custom',
    message: `${name} must be at most ${limit} as JSON; it has ${bytes.toLocaleString('en')}.`,
  });
}
