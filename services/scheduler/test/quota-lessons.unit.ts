import { failureOf } from '@oio/domain';
import test from 'ava';
import { type Bucket, QuotaBook } from '../src/quota-book.ts';
import { QuotaLessons } from '../src/quota-lessons.ts';

const HOUR = 3_600_000;
const at = (ms: number): string => new Date(ms).toISOString();

function begin() {
  const clock = { nowMs: 1_000 };
  const book = new QuotaBook(() => clock.nowMs);
  const learned: Bucket[] = [];
  const answers: string[] = [];
  const lessons = new QuotaLessons({
    book,
    learn: (bucket) => void (book.apply(bucket) && learned.push(bucket)),
    answered: (name) => void answers.push(name),
  });
  const hear = (sessionId: string, type: string, data: unknown = {}): void =>
    lessons.hear({ sessionId, type, data, at: at(clock.nowMs) });
  const quota = (resetAt: string) => ({ model: 'a/x', resetAt, byDefault: false });
  const refuse = (sessionId: string, type: string, resetAt = at(clock.nowMs + HOUR)): void =>
    hear(sessionId, type, { failure: { ...failureOf('rate_limited', 'Slow down.'), quota: quota(resetAt) } });
  const step = (sessionId: string, model: string | null = 'a/x'): void =>
    hear(sessionId, 'session.step-finished', { step: { model } });
  return { clock, lessons, learned, answers, hear, refuse, step };
}

for (const type of ['session.failed', 'session.degraded', 'session.impairment-changed'])
  test(`${type} with a time that a provider has named closes the model until then`, (t) => {
    const { learned, refuse } = begin();
    refuse('one', type);
    t.like(learned, [
      { name: 'a/x', resetAtMs: 1_000 + HOUR, said: 'Slow down.', shortened: false, changedAtMs: 1_000 },
    ]);
    t.is(learned.length, 1);
  });

test('a failure without a time, and what is no event as it should be, teach nothing', (t) => {
  const { learned, hear, refuse } = begin();
  hear('one', 'session.failed', { failure: failureOf('rate_limited') });
  hear('one', 'session.failed', null);
  hear('one', 'session.failed', { failure: { quota: { model: 5 } } });
  hear('one', 'session.step-finished', 'nothing');
  refuse('one', 'session.failed', 'in a while');
  refuse('one', 'session.running');
  t.deepEqual(learned, []);
});

test('a time in a thousand years closes for a day, and one in the past not at all', (t) => {
  const { clock, learned, refuse } = begin();
  refuse('one', 'session.failed', at(-HOUR));
  t.deepEqual(learned, []);
  clock.nowMs += 1;
  refuse('one', 'session.failed', '3026-01-01T00:00:00.000Z');
  t.like(learned, [{ resetAtMs: 24 * HOUR + 1_001, shortened: true }]);
});

test('an answer counts when it was asked for after the model was closed', (t) => {
  const { clock, answers, hear, refuse, step } = begin();
  step('busy');
  refuse('refused', 'session.degraded');
  clock.nowMs += 1_000;
  step('busy');
  t.deepEqual(answers, [], 'it may have been asked for before');
  step('busy');
  t.is(answers.length, 1);
  hear('new', 'session.running', { from: 'queued' });
  step('new', 'a/other');
  step('new', null);
  t.is(answers.length, 1);
  step('new');
  t.is(answers.length, 2);
  step('refused');
  t.is(answers.length, 3);
});

test('a further refusal makes all that began before it doubtful again', (t) => {
  const { clock, answers, hear, refuse, step } = begin();
  refuse('one', 'session.failed');
  hear('two', 'session.running', { from: 'queued' });
  clock.nowMs += 1;
  refuse('three', 'session.failed');
  step('two');
  t.deepEqual(answers, []);
});

test('while a model stays closed, only sessions at work are kept in mind', (t) => {
  const { lessons, answers, hear, refuse, step } = begin();
  refuse('refused', 'session.degraded');
  for (let number = 0; number < 1_000; number += 1) {
    hear(`other ${number}`, 'session.running', { from: 'queued' });
    hear(`other ${number}`, 'session.completed', { from: 'running', to: 'completed' });
  }
  hear('new', 'session.running', { from: 'queued' });
  t.is(lessons.size, 2);
  step('new');
  t.is(answers.length, 1);
});
