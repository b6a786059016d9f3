import { type HistoryGrown, historyGrown, type StoredSessionEvent } from '@oio/contracts';
import { newId } from '@oio/runtime';
import test from 'ava';
import { createHistoryBell } from '../src/history-bell.ts';

test('what is committed in one turn of the event loop is told in one announcement, in its order', async (t) => {
  const { bell, told } = aBell();
  const [one, other] = [newId(), newId()];
  bell.ring([eventOf(one, 1), eventOf(one, 2)]);
  bell.ring([eventOf(other, 1)]);
  await turn();
  bell.ring([eventOf(one, 3)]);
  await turn();
  t.deepEqual(told.map(seqs), [[1, 2, 1], [3]]);
});

test('what is too much for one message is told in several, and of a single one that is too large only its place', async (t) => {
  const { bell, told } = aBell();
  const id = newId();
  bell.ring([1, 2, 3].map((seq) => eventOf(id, seq, 60_000)));
  bell.ring([eventOf(id, 4, 200_000), eventOf(id, 5)]);
  await turn();
  t.deepEqual(told.flatMap(seqs), [1, 2, 3, 5]);
  t.true(told.every((news) => JSON.stringify(news).length < 200_000));
  t.deepEqual(
    told.flatMap(({ larger }) => larger),
    [{ sessionId: id, tenant: 'acme', seq: 4 }],
  );
});

function aBell() {
  const told: HistoryGrown[] = [];
  const announce = (_contract: unknown, news: unknown): void =>
    void told.push(historyGrown.payload.parse(JSON.parse(JSON.stringify(news))));
  return { told, bell: createHistoryBell({ announce }, 'w1') };
}

function seqs({ events }: HistoryGrown): number[] {
  return events.map(({ seq }) => seq);
}

function eventOf(sessionId: string, seq: number, characters = 0): StoredSessionEvent {
  const warning = { type: 'test', message: 'x'.repeat(characters), timestamp: '2026-01-01T00:00:00.000Z', context: {} };
  const cause = { kind: 'system', id: 'test' } as const;
  const at = '2026-01-01T00:00:00.000Z';
  return {
    sessionId,
    tenant: 'acme',
    seq,
    commandId: null,
    epoch: 1,
    cause,
    at,
    type: 'session.warning-raised',
    data: { warning },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}
