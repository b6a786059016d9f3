import test from 'ava';
import { believedReset, type Bucket, QuotaBook } from '../src/quota-book.ts';

const HOUR = 3_600_000;

function begin() {
  const clock = { nowMs: 0 };
  const book = new QuotaBook(() => clock.nowMs);
  const close = (facts: Partial<Bucket> = {}): boolean =>
    book.apply({
      name: 'a/x',
      resetAtMs: HOUR,
      isOpen: false,
      closedBy: 'provider',
      said: 'Too many requests.',
      shortened: false,
      byDefault: false,
      changedAtMs: clock.nowMs,
      ...facts,
    });
  /** How many with this model are started now before one has to wait. */
  const lets = (model: string | null = 'a/x'): number => {
    let count = 0;
    for (; book.closedFor(model) === null && count < 100; count += 1) book.noteStart(model);
    return count;
  };
  return { clock, book, close, lets };
}

test('a closed model lets nobody start until its time, and others are not concerned', (t) => {
  const { clock, book, close } = begin();
  t.true(close());
  t.like(book.closedFor('a/x'), { waitMs: HOUR, isReopening: false });
  t.is(book.closedFor('a/y'), null);
  t.is(book.closedFor(null), null);
  clock.nowMs = HOUR - 1;
  t.is(book.closedFor('a/x')?.waitMs, 1);
});

test('after its time one is let through, then one each five seconds, and all after a minute', (t) => {
  const { clock, book, close, lets } = begin();
  close();
  clock.nowMs = HOUR;
  t.is(lets(), 1);
  t.like(book.closedFor('a/x'), { waitMs: 5_000, isReopening: true });
  clock.nowMs += 4_999;
  t.is(lets(), 0);
  clock.nowMs += 1;
  t.is(lets(), 1);
  clock.nowMs = HOUR + 60_000;
  t.is(lets(), 100);
  t.false(book.isEmpty);
  t.true(book.forget());
  t.true(book.isEmpty);
});

test('each answer lets two more through, so that the number doubles, and eight open it', (t) => {
  const { clock, book, close, lets } = begin();
  close();
  clock.nowMs = HOUR;
  const rounds = [1, 2, 4].map((expected) => {
    const started = lets();
    for (let answer = 0; answer < expected; answer += 1) t.is(book.answered('a/x', clock.nowMs), null);
    return started;
  });
  t.deepEqual(rounds, [1, 2, 4]);
  t.like(book.answered('a/x', clock.nowMs), { isOpen: true });
  t.is(lets(), 100);
});

test('an answer before its time opens it from then on', (t) => {
  const { clock, book, close, lets } = begin();
  close();
  clock.nowMs = 60_000;
  t.like(book.answered('a/x', clock.nowMs), { isOpen: true, changedAtMs: 60_000, resetAtMs: HOUR });
  t.is(lets(), 3);
});

test('an answer does not open what an operator has closed, and neither does what a provider says', (t) => {
  const { clock, book, close } = begin();
  close({ closedBy: 'operator' });
  clock.nowMs = 60_000;
  t.is(book.answered('a/x', clock.nowMs), null);
  t.false(close({ resetAtMs: 120_000 }));
  t.is(book.closedFor('a/x')?.waitMs, HOUR - 60_000);
  t.true(close({ closedBy: 'operator', isOpen: true }));
  t.is(book.closedFor('a/x'), null);
  clock.nowMs += 1;
  t.true(close({ resetAtMs: 120_000 }), 'once it is open the provider is believed again');
});

test('older news change nothing, and newer ones prolong and shorten', (t) => {
  const { clock, book, close } = begin();
  clock.nowMs = 10;
  close({ changedAtMs: 5 });
  t.false(close({ changedAtMs: 5, resetAtMs: 2 * HOUR }));
  t.false(close({ changedAtMs: 4, isOpen: true }));
  t.true(close({ changedAtMs: 6, resetAtMs: 2 * HOUR }));
  t.is(book.closedFor('a/x')?.bucket.resetAtMs, 2 * HOUR);
  t.true(close({ changedAtMs: 7, resetAtMs: 1_000 }));
  t.is(book.closedFor('a/x')?.waitMs, 990);
  t.true(close({ changedAtMs: 8, isOpen: true }));
  t.false(close({ changedAtMs: 7 }), 'what was said before it was opened is past');
});

test('sessions that name no model wait for the one that servers take by themselves', (t) => {
  const { book, close, lets } = begin();
  close({ byDefault: true });
  t.is(lets(null), 0);
  close({ changedAtMs: 1, resetAtMs: HOUR / 2 });
  t.is(book.closedFor(null)?.waitMs, HOUR / 2, 'it is known until the model is open');
});

test('a time is believed for a day', (t) => {
  t.deepEqual(believedReset(HOUR, 5), { resetAtMs: HOUR, shortened: false });
  t.deepEqual(believedReset(Date.UTC(9_999, 0), 5), { resetAtMs: 24 * HOUR + 5, shortened: true });
});

test('a time that is long past closes nothing', (t) => {
  const { clock, book, close } = begin();
  clock.nowMs = 3 * HOUR;
  t.false(close());
  t.true(book.isEmpty);
});
