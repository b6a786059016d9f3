import type { StoredSessionEvent } from '@oio/contracts';
import { UnavailableError } from '@oio/errors';
import { createLogger } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import fc from 'fast-check';
import { HistoryFollower, type HistoryFollowerParts } from '../src/follow-history.ts';
import { KnownSessions } from '../src/known-sessions.ts';
import type { Progress, SavedTotals, SessionHistory } from '../src/ports.ts';
import { Totals } from '../src/totals.ts';
import { Life } from './support/life.ts';

const logger = createLogger('test', { level: 'silent' });

/** A history in memory whose places are numbers. */
function historyOf(events: readonly StoredSessionEvent[], pageSize = 2): SessionHistory {
  return {
    async page(after) {
      const from = Number(after?.position ?? 0);
      const page = events.slice(from, from + pageSize);
      const end = page.length === 0 ? after : { xid: '1', position: String(from + page.length) };
      return { events: page, read: page.length, end, isLast: page.length < pageSize };
    },
    before: async (strangers) =>
      strangers.flatMap(({ sessionId, seq }) =>
        events.filter((event) => event.sessionId === sessionId && event.seq < seq),
      ),
  };
}

/** What is stored, in memory. */
function shelf(): SavedTotals & { progress: Progress | null } {
  return {
    progress: null,
    async load() {
      return this.progress;
    },
    async save(progress) {
      this.progress = structuredClone(progress);
    },
  };
}

interface Rig {
  readonly follower: HistoryFollower;
  readonly totals: Totals;
  readonly waits: number[];
}

/** A follower that counts transitions, and notes how long sessions waited. */
function follow(parts: Pick<HistoryFollowerParts, 'history' | 'saved'>, capacity = 2): Rig {
  const totals = new Totals();
  const waits: number[] = [];
  const follower = new HistoryFollower({
    ...parts,
    heard: { take: () => undefined },
    sessions: new KnownSessions(capacity),
    totals,
    record({ event, before }) {
      if (!('to' in event.data)) return;
      totals.add('session_transitions_total', { to: event.data.to });
      if (event.data.to === 'running') waits.push(Date.parse(event.at) - (before?.waiting?.sinceMs ?? Number.NaN));
    },
    counted: () => {},
    saveEveryMs: 3_600_000,
    logger,
  });
  return { follower, totals, waits };
}

test('an outage is waited out, and a defect is tried again', async (t) => {
  const stored = historyOf(new Life().dispatch().history);
  const failures: Error[] = [new UnavailableError('away'), new TypeError('no such column')];
  const page: SessionHistory['page'] = async (after, heard) => {
    const failure = failures.shift();
    if (failure) throw failure;
    return stored.page(after, heard);
  };
  const { follower, totals } = follow({ history: { ...stored, page }, saved: shelf() });
  await eventually(() => !follower.isCatchingUp);
  await follower[Symbol.asyncDispose]();
  t.deepEqual(
    [...totals.counter('session_transitions_total')],
    [
      [['queued'], 1],
      [['running'], 1],
    ],
  );
});

test('a failure in the middle of a page counts nothing of it twice', async (t) => {
  const history = historyOf(new Life().wait(3).dispatch().complete().history, 3);
  let isFirst = true;
  const before: SessionHistory['before'] = async (events) => {
    if (isFirst) {
      isFirst = false;
      throw new UnavailableError('away');
    }
    return history.before(events);
  };
  // Nobody is remembered, so that the second page asks for what was before it.
  const { follower, totals, waits } = follow({ history: { ...history, before }, saved: shelf() }, 0);
  await eventually(() => !follower.isCatchingUp);
  await follower[Symbol.asyncDispose]();
  t.false(isFirst);
  t.deepEqual(waits, [3_000]);
  t.deepEqual(
    [...totals.counter('session_transitions_total')].map(([, value]) => value),
    [1, 1, 1],
  );
});

test('wherever it is ended, and whatever of that was stored, it comes to the same totals', async (t) => {
  const lives = Array.from({ length: 4 }, (_, index) => new Life().wait(index).dispatch().step('a').complete());
  const length = lives[0]?.history.length ?? 0;
  // Turn by turn, so that every session is under way at every end.
  const events = Array.from({ length }, (_, at) => lives.flatMap(({ history }) => history.slice(at, at + 1))).flat();
  const straight = follow({ history: historyOf(events, 100), saved: shelf() });
  await straight.follower.caughtUpWithin(60_000);
  await straight.follower[Symbol.asyncDispose]();
  const ends = fc.array(fc.record({ after: fc.nat({ max: events.length }), isStored: fc.boolean() }), { maxLength: 4 });
  const property = fc.asyncProperty(ends, fc.integer({ min: 1, max: 9 }), async (stops, pageSize) => {
    const saved = shelf();
    const known = { ...saved, save: saved.save.bind(saved), load: saved.load.bind(saved) };
    for (const { after, isStored } of stops) {
      const save = isStored ? known.save : async () => {};
      const part = follow({ history: historyOf(events.slice(0, after), pageSize), saved: { ...known, save } });
      await part.follower.caughtUpWithin(60_000);
      await part.follower[Symbol.asyncDispose]();
    }
    const last = follow({ history: historyOf(events, pageSize), saved: known });
    await last.follower.caughtUpWithin(60_000);
    await last.follower[Symbol.asyncDispose]();
    t.deepEqual(last.totals.toJSON(), straight.totals.toJSON());
    t.false(last.waits.some(Number.isNaN));
  });
  await t.notThrowsAsync(fc.assert(property, { numRuns: 50 }));
});
