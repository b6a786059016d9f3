import test from 'ava';
import { asJsonLine, createLineFormat } from '../log-line.ts';

const LINE = {
  level: 40,
  time: '2026-11-22T19:00:01.234Z',
  pid: 1,
  hostname: 'h',
  name: 'session-actor',
  took: 12,
  sessionId: '0190',
  msg: 'session dropped',
};
const format = createLineFormat(false);

test('a line says when, who, how bad and what, with the important ids first', (t) => {
  const line = format({ process: 'session-actor.2', text: JSON.stringify(LINE) });
  t.regex(line, /^\d\d:\d\d:01\.234 session-actor\.2 +warn +session dropped sessionId=0190 took=12$/);
});

test('an error is told in the line, and where it was thrown below it', (t) => {
  const err = {
    type: 'TypeError',
    message: 'x is\nnot a function',
    stack: 'TypeError: x\n    at run (a.ts:1:2)\n    at node:internal/x',
  };
  const line = format({ process: 'metrics.1', text: JSON.stringify({ ...LINE, level: 50, err }) });
  t.regex(
    line,
    /error session dropped sessionId=0190 err=TypeError: x is not a function took=12\n {4}at run \(a\.ts:1:2\)$/,
  );
});

test('an error that passes by itself has no place in the code, and is told in the line', (t) => {
  const err = { type: 'UnavailableError', code: 'bus_disconnected', message: 'NATS cannot be reached.' };
  const line = format({ process: 'metrics.1', text: JSON.stringify({ ...LINE, level: 50, err }) });
  t.regex(line, /error session dropped sessionId=0190 err=UnavailableError: NATS cannot be reached\. took=12$/);
});

test('what is no JSON is shown as it came', (t) => {
  t.regex(format({ process: 'nats', text: '[1] Server is ready' }), /nats +\[1\] Server is ready$/);
  t.regex(format({ process: 'nats', text: '{broken' }), /nats +\{broken$/);
});

test('a long value is cut, and an odd one does no harm', (t) => {
  const line = format({
    process: 'a',
    text: JSON.stringify({ long: 'x'.repeat(5_000), list: [1, { a: null }], no: null }),
  });
  t.true(line.length < 500);
  t.regex(line, /list=\[1,\{"a":null\}\] no=null$/);
});

test('each process has its own colour and keeps it', (t) => {
  const colored = createLineFormat(true);
  const colorOf = (process: string): string | undefined =>
    // The name is the second thing in a line that carries a colour.
    /\[(3\d)m/.exec(colored({ process, text: '{}' }))?.[1];
  t.is(colorOf('a'), colorOf('a'));
  t.not(colorOf('a'), colorOf('b'));
});

test('for a program, each line is one JSON object with the name of its process', (t) => {
  t.deepEqual(JSON.parse(asJsonLine({ process: 'scheduler.1', text: JSON.stringify(LINE) })), {
    process: 'scheduler.1',
    ...LINE,
  });
  t.deepEqual(JSON.parse(asJsonLine({ process: 'nats', text: 'Server is ready' })), {
    process: 'nats',
    msg: 'Server is ready',
  });
});
