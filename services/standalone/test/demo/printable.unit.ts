import test from 'ava';
import { fitted, printable, printableLine, shorten, widthOf } from '../../src/demo/printable.ts';

for (const [text, shown] of [
  ['plain – “text”\n\tindented', 'plain – “text”\n\tindented'],
  ['\u001B[31mred', '\\u{1b}[31mred'],
  ['bell\u0007 and nul\0', 'bell\\u{7} and nul\\u{0}'],
  ['over\rwritten', 'over\\u{d}written'],
  ['line\r\nend', 'line\nend'],
  ['C1 \u009B2J', 'C1 \\u{9b}2J'],
  ['turned \u202Eround', 'turned \\u{202e}round'],
  ['half \uD83D a pair', 'half \\u{d83d} a pair'],
] as const) {
  test(`a terminal is shown ${JSON.stringify(text)} as ${JSON.stringify(shown)}`, (t) => {
    t.is(printable(text), shown);
  });
}

test('a line holds no line breaks and no runs of blanks', (t) => {
  t.is(printableLine(' one\n  two\t\u001B[2Jthree '), 'one two \\u{1b}[2Jthree');
});

for (const [text, width] of [
  ['abc', 3],
  ['Brûlée', 6],
  ['e\u0301', 1],
  ['日本', 4],
  ['👍 ok', 5],
  ['✔', 1],
  ['', 0],
] as const) {
  test(`"${text}" takes ${width} columns`, (t) => {
    t.is(widthOf(text), width);
  });
}

for (const [text, width, shown] of [
  ['short', 10, 'short'],
  ['exactly ten', 11, 'exactly ten'],
  ['much too long', 6, 'much …'],
  ['日本語', 4, '日…'],
  ['any', 1, '…'],
  ['any', 0, ''],
  ['any', -3, ''],
] as const) {
  test(`"${text}" in ${width} columns is "${shown}"`, (t) => {
    t.is(shorten(text, width), shown);
  });
}

test('fitted text takes exactly its width', (t) => {
  t.deepEqual(
    ['ab', 'abcdef', '日本'].map((text) => widthOf(fitted(text, 5))),
    [5, 5, 5],
  );
});
