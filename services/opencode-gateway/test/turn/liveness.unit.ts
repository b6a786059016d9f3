import type { FailureCode } from '@oio/domain';
import test from 'ava';
import { type LifeFacts, type Liveness, livenessOf } from '../../src/turn/liveness.ts';
import { DEFAULT_LIMITS } from '../../src/turn/turn-limits.ts';

const LIMITS = {
  ...DEFAULT_LIMITS,
  firstTokenMs: 60_000,
  silenceMs: 20_000,
  toolMs: 120_000,
  turnMs: 1_000_000,
  doubtMs: 50_000,
  hearMs: 15_000,
};
const NOW = 900_000;
/** The stream has been heard since long ago, and just now. */
const HEARD = { sinceMs: 0, lastAtMs: NOW - 9_000 };

const is = test.macro(
  (t, facts: Partial<LifeFacts> & { readonly silentMs: number }, state: Liveness['state'], code?: FailureCode) => {
    const { silentMs, ...rest } = facts;
    const base = { beganAtMs: 0, phase: 'tokens', tools: ['bash'], hearing: HEARD } as const;
    const liveness = livenessOf({ ...base, lastSignAtMs: NOW - silentMs, ...rest }, LIMITS, NOW);
    t.is(liveness.state, state);
    t.is(liveness.state === 'alive' ? undefined : liveness.why.code, code);
    t.true(liveness.state === 'dead' || liveness.againInMs > 0);
  },
);

test('a model that thinks is alive to the end of its clock', is, { phase: 'first_token', silentMs: 59_999 }, 'alive');
test('one that never begins is dead', is, { phase: 'first_token', silentMs: 60_000 }, 'dead', 'no_first_token');
test('a slow answer is alive', is, { silentMs: 19_999 }, 'alive');
test('one that has stopped is dead', is, { silentMs: 20_000 }, 'dead', 'tokens_stalled');
test('a silent tool is alive for longer than a silent model', is, { phase: 'tool', silentMs: 119_999 }, 'alive');
test('a tool without end is dead', is, { phase: 'tool', silentMs: 120_000 }, 'dead', 'tool_stalled');
test(
  'while OpenCode waits for another try the model owes nothing',
  is,
  { phase: 'waiting', silentMs: 800_000 },
  'alive',
);
test(
  'a turn has an end, however lively it is',
  is,
  { beganAtMs: NOW - 1_000_000, silentMs: 0 },
  'dead',
  'turn_too_long',
);
test('also while OpenCode waits', is, { phase: 'waiting', beganAtMs: -100_000, silentMs: 0 }, 'dead', 'turn_too_long');

// The second witness.
const deaf: [string, LifeFacts['hearing']][] = [
  ['without an event stream', null],
  ['with a stream that was opened since', { sinceMs: NOW - 19_000, lastAtMs: NOW }],
  ['with a stream on which not even a heartbeat came', { sinceMs: 0, lastAtMs: NOW - 15_001 }],
];
for (const [what, hearing] of deaf) {
  test(`a silent turn ${what} is unknown, not dead`, is, { hearing, silentMs: 20_000 }, 'unknown', 'liveness_unknown');
  test(`and alive before its clock is over, ${what}`, is, { hearing, silentMs: 19_999 }, 'alive');
  test(`what stays unknown has made no progress, ${what}`, is, { hearing, silentMs: 70_000 }, 'dead', 'no_progress');
}
test(
  'a stream that came back is enough once it was heard for the whole clock',
  is,
  { hearing: { sinceMs: NOW - 20_000, lastAtMs: NOW }, silentMs: 45_000 },
  'dead',
  'tokens_stalled',
);

test('it says when time alone may change it', (t) => {
  const facts = { beganAtMs: 0, phase: 'tokens', lastSignAtMs: NOW - 5_000, tools: [], hearing: HEARD } as const;
  t.is(livenessOf(facts, LIMITS, NOW).againInMs, 15_000);
  t.is(livenessOf({ ...facts, beganAtMs: NOW - 999_000 }, LIMITS, NOW).againInMs, 1_000);
});

test('by default a silent tool may run for half an hour, since the writing of its input is told by nothing', (t) => {
  t.like(DEFAULT_LIMITS, { firstTokenMs: 600_000, silenceMs: 300_000, toolMs: 1_800_000, turnMs: 86_400_000 });
});
