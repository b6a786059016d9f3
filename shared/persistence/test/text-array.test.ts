import test from 'ava';
import { arrayLiteral } from '../src/row-arrays.ts';
import { openTestDatabase } from '../src/testing/test-database.ts';
import { textArray } from '../src/text-array.ts';

const opened = await openTestDatabase();
const { database } = opened;
test.after.always(() => opened[Symbol.asyncDispose]());

for (const values of [
  [],
  [null],
  [''],
  ['a', null, 'b', ''],
  ['null', 'NULL', '{}', '"quoted", \\', 'new\nline\ttab', '日本語 🦊', '\u2028', "'; drop table sessions; --"],
  ['x'.repeat(1_000_000)],
]) {
  test(`the server reads the texts as they were: ${JSON.stringify(values).slice(0, 60)}`, async (t) => {
    const [row] = await database.query<{ values: string[]; length: number }>(
      'select $1::text[] as values, coalesce(array_length($1::text[], 1), 0) as length',
      [textArray(values)],
    );
    t.deepEqual(row, { values, length: values.length });
  });
}

test('a list is read as it was', async (t) => {
  const values = ['', 'a b', '"quoted", \\', '{}', 'NULL', 'new\nline', '日本語 🦊'];
  const [row] = await database.query<{ values: string[] }>('select $1::text[] as values', [arrayLiteral(values)]);
  t.deepEqual(row, { values });
});
