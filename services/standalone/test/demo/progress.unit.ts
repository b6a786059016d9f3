import type { SessionMessage } from '@oio/sdk';
import test from 'ava';
import { advance, hasEnded, initialProgress, type Progress } from '../../src/demo/progress.ts';
import { at, event } from './support/outcomes.ts';

const tokens = { input: 100, output: 20, reasoning: 3, cacheRead: 4, cacheWrite: 5 };
const failure = { code: 'no_progress', message: 'Nothing moved.', transient: true };
const happened = (seconds: number, type: string, data: object): SessionMessage => ({
  kind: 'history',
  event: event(seconds, type, data),
});
const moved = (seconds: number, from: string, to: string, more: object = {}, attempt = 1) =>
  happened(seconds, `session.${to}`, { from, to, attempt, ...more });
const said = (
  kind: 'text' | 'reasoning' | 'tool' | 'status' | 'todos',
  text: string,
  more: object = {},
): SessionMessage => ({
  kind: 'output',
  output: { sessionId: 's', tenant: 'default', kind, text, ...more },
});

const created = happened(0, 'session.created', {});
const queued = moved(1, 'pending', 'queued');
const running = moved(2, 'queued', 'running');

const after = (...messages: readonly SessionMessage[]): Progress =>
  messages.reduce(advance, initialProgress('Write it'));

for (const [what, messages, expected] of [
  [
    'a queued session waits',
    [created, queued],
    { status: 'queued', doing: 'waits for a slot', createdAt: Date.parse(at(0)) },
  ],
  [
    'a running one gets its workspace',
    [created, queued, running],
    { status: 'running', attempt: 1, doing: 'gets its workspace' },
  ],
  ['then it asks the model', [running, happened(3, 'session.workspace-prepared', {})], { doing: 'asks the model' }],
  [
    'steps, tokens and cost add up',
    [running, ...[1, 2].map((n) => happened(n, 'session.step-finished', { step: { tokens, costUsd: 0.5 } }))],
    { steps: 2, tokens: 264, costUsd: 1 },
  ],
  [
    'a tool is shown with its title',
    [running, said('tool', 'src/a.js', { tool: 'write', state: 'running' })],
    { doing: 'write: src/a.js' },
  ],
  ['a tool without a title is shown once', [running, said('tool', 'write', { tool: 'write' })], { doing: 'write' }],
  [
    'words become the last line of what is said',
    [running, said('text', 'First.\nNow '), said('text', 'the mod'), said('text', 'ule.\n')],
    { doing: 'Now the module.' },
  ],
  [
    'a tool ends what was said',
    [running, said('text', 'Now'), said('tool', 'a', { tool: 'read' }), said('text', 'then')],
    { doing: 'then' },
  ],
  ['reasoning is not quoted', [running, said('reasoning', 'Hm.')], { doing: 'thinks' }],
  [
    'a retry inside of OpenCode is told',
    [running, said('status', 'Overloaded', { state: 'retry' })],
    { doing: 'the provider says: Overloaded' },
  ],
  ['escape sequences of an agent do nothing', [running, said('text', '\u001B[2Jgone')], { doing: '\\u{1b}[2Jgone' }],
  [
    'late news of an ended attempt are dropped',
    [running, moved(4, 'running', 'stopped', { failure }), said('text', 'late')],
    { doing: 'no_progress: Nothing moved.' },
  ],
  [
    'a failure with a retry to come has not ended',
    [running, moved(5, 'running', 'failed', { failure, retryAt: at(7) })],
    { status: 'failed', retryAt: Date.parse(at(7)), endedAt: null },
  ],
  [
    'a failure without one has',
    [running, moved(5, 'running', 'failed', { failure, retryAt: null })],
    { status: 'failed', retryAt: null, endedAt: Date.parse(at(5)) },
  ],
  [
    'a retry counts attempts',
    [
      running,
      moved(5, 'running', 'failed', { failure, retryAt: at(7) }),
      moved(7, 'failed', 'queued', {}, 2),
      moved(8, 'queued', 'running', {}, 2),
    ],
    { status: 'running', attempt: 2, retryAt: null },
  ],
  [
    'a degraded session that recovers goes on',
    [running, moved(3, 'running', 'degraded', { failure }), moved(4, 'degraded', 'running')],
    { status: 'running', doing: 'goes on' },
  ],
  [
    'a completed one shows its answer',
    [running, moved(9, 'running', 'completed', { result: { text: 'All\ndone.' } })],
    { status: 'completed', endedAt: Date.parse(at(9)), doing: 'All done.' },
  ],
] as const) {
  test(what, (t) => {
    t.like(after(...messages), expected);
  });
}

test('only a state in which nothing more happens by itself is an end', (t) => {
  const ends = (status: string) =>
    hasEnded(after(running, moved(3, 'running', status, { failure, retryAt: null, result: {} })));
  t.deepEqual(['paused', 'degraded', 'queued'].map(ends), [false, false, false]);
  t.deepEqual(['completed', 'failed', 'timeout', 'stopped', 'cancelled', 'orphaned'].map(ends), [
    true,
    true,
    true,
    true,
    true,
    true,
  ]);
});
