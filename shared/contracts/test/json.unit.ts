import { inspect } from 'node:util';
import test from 'ava';
import { z } from 'zod';
import { newSession, sessionCommands, violationsOf } from '../src/index.ts';
import {
  isSafeKey,
  isStorable,
  JSON_DEPTH,
  json,
  jsonObject,
  reportedJson,
  reportedText,
  withSafeKeys,
} from '../src/json.ts';

const LEAST = { title: 'Mend the parser', prompt: 'Mend it.' };

function flaws(schema: z.ZodType, value: unknown): string[] {
  const result = schema.safeParse(value);
  return result.success ? [] : violationsOf(result.error).map(({ field, message }) => `${field}: ${message}`);
}

function nested(depth: number): unknown {
  return JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
}

for (const value of [
  null,
  true,
  0,
  -1.5e300,
  '',
  'text',
  [],
  {},
  { a: [{ b: null }] },
  '\\u0000 and \\ud800 as text',
  { '': 1 },
]) {
  test(`${JSON.stringify(value)} is JSON and stays what it is`, (t) => t.deepEqual(json.parse(value), value));
}

for (const value of [
  undefined,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1n,
  () => 1,
  new Date(0),
  new Map(),
  Symbol('x'),
]) {
  test(`${inspect(value)} is not JSON, at any depth`, (t) => {
    t.regex(flaws(json, value).join(), /It is not JSON/);
    t.regex(flaws(json, { a: [value] }).join(), /^a\.0: It is not JSON/);
  });
}

test('a number beyond all bounds is refused, not stored as null', (t) => {
  t.regex(flaws(json, JSON.parse('{"a":1e999}')).join(), /^a: It is not JSON/);
});

test('a value that is missing is refused', (t) => {
  t.false(z.object({ value: json }).safeParse({}).success);
});

for (const bad of ['a\0b', 'a\uD800b', '\uDC00']) {
  test(`${JSON.stringify(bad)} is refused in a value, in a key and in a key below`, (t) => {
    t.false(isStorable(bad));
    for (const value of [bad, [bad], { a: bad }, { [bad]: 1 }, { a: { [bad]: 1 } }, [[{ b: { [bad]: null } }]]]) {
      t.regex(flaws(json, value).join(), /cannot be stored/);
    }
  });
}

for (const key of ['__proto__', 'constructor', 'prototype']) {
  test(`the key ${key} is refused wherever it stands, and pollutes nothing`, (t) => {
    t.false(isSafeKey(key));
    for (const body of [`{"${key}":{"polluted":1}}`, `{"a":{"${key}":1}}`, `[{"a":[{"${key}":{"polluted":1}}]}]`]) {
      t.regex(flaws(json, JSON.parse(body)).join(), /are not accepted/);
    }
    for (const field of ['metadata', 'agentConfig']) {
      const body = JSON.parse(
        `{"title":"Mend it","prompt":"Now.","${field}":{"${key}":{"model":"a/b"},"tenant":5}}`,
      ) as unknown;
      t.true(
        flaws(newSession, body).some((flaw) => flaw.startsWith(`${field}.${key}: `)),
        flaws(newSession, body).join('\n'),
      );
    }
    t.regex(
      flaws(newSession, JSON.parse(`{"title":"Mend it","prompt":"Now.","${key}":{"polluted":1}}`)).join(),
      new RegExp(`^${key}: Unknown field`),
    );
    const tools = JSON.parse(
      `{"title":"Mend it","prompt":"Now.","agentConfig":{"coder":{"tools":{"${key}":true}}}}`,
    ) as unknown;
    t.regex(flaws(newSession, tools).join(), new RegExp(`^agentConfig.coder.tools.${key}: Unknown field`));
    t.is(Reflect.get({}, 'polluted'), undefined);
  });
}

test('a record with safe keys names an unsafe key and whatever else is wrong', (t) => {
  const record = withSafeKeys(z.record(z.string(), z.number()));
  t.is(flaws(record, JSON.parse('{"__proto__":1,"a":"x"}')).length, 2);
  t.deepEqual(record.parse({ a: 1 }), { a: 1 });
  t.is(flaws(record, 'text').length, 1);
});

test(`nesting is accepted up to ${JSON_DEPTH} levels and refused beyond, with one violation`, (t) => {
  t.deepEqual(flaws(json, nested(JSON_DEPTH)), []);
  t.is(flaws(json, nested(JSON_DEPTH + 1)).length, 1);
  t.regex(flaws(json, nested(JSON_DEPTH + 1)).join(), /nested more than 64 levels/);
});

for (const depth of [1_000, 100_000, 1_000_000]) {
  test(`nesting ${depth} levels deep is refused and overflows no stack`, (t) => {
    const lists = JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;
    t.regex(flaws(newSession, { ...LEAST, metadata: { a: lists } }).join(), /nested more than 64 levels/);
    t.regex(flaws(sessionCommands.checkpoint.payload, { data: lists }).join(), /nested more than 64 levels/);
    t.regex(
      flaws(newSession, { ...LEAST, tags: lists, agentConfig: lists, title: lists, description: lists }).join(),
      /title must be a string/,
    );
  });
}

test('a list of a million items is walked without harm', (t) => {
  t.deepEqual(
    flaws(
      json,
      Array.from({ length: 1_000_000 }, () => 0),
    ),
    [],
  );
});

test('metadata is measured in bytes of its JSON: 16 KiB are accepted, one byte more is not', (t) => {
  const of = (bytes: number, letter: string) => ({ a: letter.repeat((bytes - 8) / Buffer.byteLength(letter)) });
  t.is(Buffer.byteLength(JSON.stringify(of(16_384, 'x'))), 16_384);
  t.is(Buffer.byteLength(JSON.stringify(of(16_384, 'é'))), 16_384);
  for (const letter of ['x', 'é', '🚀'])
    t.deepEqual(flaws(newSession, { ...LEAST, metadata: of(16_384, letter) }), [], letter);
  t.regex(flaws(newSession, { ...LEAST, metadata: of(16_385, 'x') }).join(), /^metadata: .*16 KiB.*it has 16,385/);
  t.regex(flaws(newSession, { ...LEAST, metadata: of(16_386, 'é') }).join(), /it has 16,386/);
});

test('an object without a bound may be long', (t) => {
  t.deepEqual(flaws(jsonObject('context'), { a: 'x'.repeat(1_000_000) }), []);
});

test('what an agent says is cleaned of what no store can hold, instead of being refused', (t) => {
  const dirty = 'a\0b\uD800c';
  const clean = 'a\uFFFDb\uFFFDc';
  const { failure } = sessionCommands['report-failed'].payload.parse({
    token: '1.1',
    steps: [],
    resume: null,
    failure: { code: 'internal', message: dirty, transient: false, context: { [dirty]: [dirty, { a: dirty }] } },
  });
  t.deepEqual(failure, {
    code: 'internal',
    message: clean,
    transient: false,
    context: { [clean]: [clean, { a: clean }] },
  });
  t.deepEqual(reportedJson.parse({ text: dirty, count: 1, none: null }), { text: clean, count: 1, none: null });
  t.is(reportedText.parse('as it is 🚀'), 'as it is 🚀');
});

test('a report that is nested too deep is refused and overflows no stack', (t) => {
  const lists = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
  t.regex(flaws(reportedJson, lists).join(), /nested more than 64 levels/);
});
