import { stripVTControlCharacters } from 'node:util';
import type { SessionMessage } from '@oio/sdk';
import test from 'ava';
import { widthOf } from '../../src/demo/printable.ts';
import { initialProgress, type Progress } from '../../src/demo/progress.ts';
import { headLine, logLine, progressLine } from '../../src/demo/progress-lines.ts';
import { event } from './support/outcomes.ts';

const progress: Progress = {
  ...initialProgress('Write slugify with a test'),
  status: 'running',
  attempt: 2,
  steps: 3,
  tokens: 12_345,
  costUsd: 0.0123,
  createdAt: 1_000,
  doing: 'write: src/slug.js',
};
const NOW = 5_200;
const plain = { columns: 130, colourDepth: 1 };

test('a wide line shows everything under its heads', (t) => {
  t.is(
    headLine(plain).trimEnd(),
    `  ${'session'.padEnd(38)}  state      try  steps     tokens     cost      time  now`,
  );
  t.is(
    progressLine(progress, NOW, plain),
    `▶ ${'Write slugify with a test'.padEnd(38)}  running      2      3     12,345  $0.0123     4.2 s  write: src/slug.js`,
  );
});

test('no line is wider than the terminal, however narrow that is and whatever the agent says', (t) => {
  const loud = { ...progress, title: '日本語 '.repeat(40), doing: '👍 great '.repeat(40) };
  for (let columns = 1; columns <= 200; columns += 1) {
    for (const line of [
      progressLine(loud, NOW, { columns, colourDepth: 24 }),
      headLine({ columns, colourDepth: 24 }),
    ]) {
      t.true(widthOf(stripVTControlCharacters(line)) < Math.max(columns, 1), `${columns}: ${line}`);
    }
  }
});

test('at 80 columns the state, the steps, the time and what is done now are still there', (t) => {
  t.regex(
    progressLine(progress, NOW, { ...plain, columns: 80 }),
    /^▶ Write slugify with a t…  running +3 +4\.2 s  write: src\/slug\.js$/,
  );
});

for (const [colourDepth, sequence] of [
  [24, '\u001B[38;2;16;185;129m▶\u001B[39m'],
  [8, '\u001B[38;5;'],
] as const) {
  test(`with ${colourDepth} bits of colour the state has the hue of the domain`, (t) => {
    t.true(progressLine(progress, NOW, { ...plain, colourDepth }).startsWith(sequence));
  });
}

test('a retry to come is counted down', (t) => {
  const failed: Progress = { ...progress, status: 'failed', retryAt: 7_000, doing: 'no_progress: Nothing moved.' };
  t.regex(progressLine(failed, NOW, plain), /✘ .* failed .*retry in 2 s; no_progress/);
});

const history = (type: string, data: object): SessionMessage => ({ kind: 'history', event: event(0, type, data) });
const tool = (state: string): SessionMessage => ({
  kind: 'output',
  output: { sessionId: 's', tenant: 'default', kind: 'tool', text: 'src/slug.js', tool: 'write', state },
});

for (const [what, message, line] of [
  [
    'a change of state',
    history('session.running', { from: 'queued', to: 'running', attempt: 2 }),
    '  4.2 s  ▶ Write slugify with a test: running (attempt 2), write: src/slug.js',
  ],
  [
    'a finished step',
    history('session.step-finished', {}),
    '  4.2 s  ▶ Write slugify with a test: step 3 finished; 12,345 tokens so far',
  ],
  ['a tool that is through', tool('completed'), '  4.2 s  ▶ Write slugify with a test: write: src/slug.js'],
  ['a tool that failed', tool('error'), '  4.2 s  ▶ Write slugify with a test: write: src/slug.js (failed)'],
  ['a tool that runs', tool('running'), null],
  ['a checkpoint', history('session.checkpoint-made', {}), null],
] as const) {
  test(`${what} is ${line === null ? 'not ' : ''}a line of the log`, (t) => {
    t.is(logLine(progress, message, NOW), line);
  });
}
