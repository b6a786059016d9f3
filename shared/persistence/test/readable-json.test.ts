import test from 'ava';
import { openTestDatabase } from '../src/testing/test-database.ts';
import { readableJson } from '../src/readable-json.ts';

test('one row that cannot be taken apart does not hide the others', async (t) => {
  await using opened = await openTestDatabase();
  const stored = [
    '{"a":1}',
    'null',
    '[]',
    '"text"',
    '7',
    '{"a":"\\u0000"}',
    '{"a":"\\\\u0000"}',
    '{"a":"\\\\\\u0000"}',
    '{"a":"\\ud800"}',
    '{"a":"\\uDFFF"}',
    '{"a":"\\\\ud800"}',
    '{"a":"\\ud7ff \\u001b"}',
  ];
  const sql = `select ((${readableJson('j')})::jsonb -> 'a') as a, (${readableJson('j')}) is null as left_out from unnest($1::text[]) with ordinality as t(text, n),
    lateral (select text::json as j) as parsed order by n`;
  const rows = await opened.database.query<{ a: unknown; left_out: boolean }>(sql, [stored]);
  t.is(rows.filter((row) => row.left_out).length, 8);
  t.deepEqual(
    rows.map((row) => (row.left_out ? null : row.a)),
    [1, null, null, null, null, null, '\\u0000', null, null, null, '\\ud800', '\ud7ff \u001b'],
  );
});
