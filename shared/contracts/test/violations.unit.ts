import test from 'ava';
import { newSession, type Violation, violationsOf } from '../src/index.ts';
import { VIOLATIONS_NAMED } from '../src/violations.ts';

function violations(input: unknown): Violation[] {
  const result = newSession.safeParse(input);
  return result.success ? [] : violationsOf(result.error);
}

test('long input is not echoed', (t) => {
  const long = 'x'.repeat(1_000_000);
  const found = violations({
    title: long,
    prompt: 5,
    type: long,
    model: long,
    [long]: 1,
    agentConfig: { [`${long} `]: { [long]: 1 } },
    tags: long,
  });
  t.true(found.length >= 6);
  for (const { field, message } of found)
    t.true(field.length < 250 && message.length < 350, `${field.length}, ${message.length}`);
});

test('an answer holds no half of a surrogate pair, whatever is cut', (t) => {
  for (const type of ['🚀'.repeat(60), `x${'🚀'.repeat(60)}`, '\uD800']) {
    for (const { field, message } of violations({ title: 'Mend it', prompt: 'Now.', type, [type]: 1 }))
      t.true(field.isWellFormed() && message.isWellFormed());
  }
});

test(`of many violations ${VIOLATIONS_NAMED} are named and the rest are counted`, (t) => {
  const input = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`field${index}`, 1]));
  const found = violations({ title: 'Mend it', prompt: 'Now.', ...input });
  t.is(found.length, VIOLATIONS_NAMED + 1);
  t.deepEqual(found.at(-1), { field: '', code: 'too_many_violations', message: '4,900 further rules are broken.' });
});

test('exactly as many violations as are named are all named', (t) => {
  const input = Object.fromEntries(Array.from({ length: VIOLATIONS_NAMED }, (_, index) => [`field${index}`, 1]));
  t.is(violations({ title: 'Mend it', prompt: 'Now.', ...input }).length, VIOLATIONS_NAMED);
});
