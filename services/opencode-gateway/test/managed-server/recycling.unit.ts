import test from 'ava';
import type { ServerDemand } from '../../src/managed-server/look-after.ts';
import { nextStep, type RecycleLimits, type Situation, type Step } from '../../src/managed-server/recycling.ts';

const LIMITS: RecycleLimits = {
  ageSeconds: 1_000,
  memoryMb: 2_000,
  directories: 30,
  databaseMb: 500,
  drainSeconds: 60,
};
const FIGURES = { ageSeconds: 999, memoryMb: 1_999, directories: 29, databaseMb: 499, databaseMbBefore: 100 };

interface Case {
  readonly situation?: Partial<Omit<Situation, 'figures' | 'demand'>>;
  /** Null when the store cannot be asked. */
  readonly demand?: Partial<ServerDemand> | null;
  readonly figures?: Partial<Situation['figures']>;
  readonly limits?: Partial<RecycleLimits>;
  readonly expected: Step;
}

const macro = test.macro((t, { situation, demand = {}, figures, limits, expected }: Case) => {
  const asked = demand && { running: 0, working: 0, asked: false, suspended: false, alone: null, ...demand };
  const whole = { draining: null, demand: asked, nowMs: 0, ...situation };
  t.deepEqual(nextStep({ ...whole, figures: { ...FIGURES, ...figures } }, { ...LIMITS, ...limits }), expected);
});

const draining = { cause: 'age', sinceMs: 0 } as const;
const drain = { type: 'drain', cause: 'age' } as const;
const recycle = { type: 'recycle', cause: 'age' } as const;

test('below all limits a server goes on', macro, { expected: { type: 'serve' } });
for (const [cause, figures] of [
  ['age', { ageSeconds: 1_000 }],
  ['memory', { memoryMb: 2_000 }],
  ['directories', { directories: 30 }],
  ['database', { databaseMb: 500 }],
] as const) {
  test(`a server at its limit of ${cause} is drained`, macro, { figures, expected: { type: 'drain', cause } });
  const off = { ageSeconds: 0, memoryMb: 0, directories: 0, databaseMb: 0 };
  test(`a limit of ${cause} that is 0 is none`, macro, { figures, limits: off, expected: { type: 'serve' } });
}
test('a database that a new start did not make smaller is no reason until it has grown by a quarter', macro, {
  figures: { databaseMb: 620, databaseMbBefore: 500 },
  expected: { type: 'serve' },
});
test('a database that has grown by a quarter since then is one again', macro, {
  figures: { databaseMb: 625, databaseMbBefore: 500 },
  expected: { type: 'drain', cause: 'database' },
});
test('an operator needs no limit', macro, {
  demand: { asked: true },
  expected: { type: 'drain', cause: 'asked' },
});
test('a draining server waits until everybody has heard of it, though nothing runs', macro, {
  situation: { draining, nowMs: 4_999 },
  expected: drain,
});
test('a draining server on which nothing runs is started anew', macro, {
  situation: { draining, nowMs: 5_000 },
  expected: recycle,
});
test('a draining server on which a turn runs waits for it', macro, {
  situation: { draining, nowMs: 59_999 },
  demand: { running: 1 },
  expected: drain,
});
test('a turn that does not end in time is broken off', macro, {
  situation: { draining, nowMs: 60_000 },
  demand: { running: 1 },
  expected: recycle,
});
test('while nobody knows what runs the server is not ended before its time', macro, {
  situation: { draining, nowMs: 59_999 },
  demand: null,
  expected: drain,
});
test('whoever drains goes on with it below the limit too', macro, {
  situation: { draining, nowMs: 1 },
  demand: { running: 1 },
  figures: { ageSeconds: 1 },
  expected: drain,
});
test('one that is out of service ends at once when nothing works on it', macro, {
  demand: { suspended: true, running: 3, working: 0 },
  expected: { type: 'recycle', cause: 'unconfirmed' },
});
test('one that is out of service waits for the turns of others, whatever it drained for before', macro, {
  situation: { draining, nowMs: 1 },
  demand: { suspended: true, running: 3, working: 2 },
  expected: { type: 'drain', cause: 'unconfirmed' },
});
test('one that is out of service waits for them as long as any other', macro, {
  situation: { draining: { cause: 'unconfirmed', sinceMs: 0 }, nowMs: 60_000 },
  demand: { suspended: true, running: 3, working: 2 },
  expected: { type: 'recycle', cause: 'unconfirmed' },
});
