import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import type { StoredSessionEvent } from '@oio/contracts';
import test from 'ava';
import { StreamReader } from '../src/stream-reader.ts';
import { eventually } from '@oio/runtime/testing';

const event = (seq: number): StoredSessionEvent => ({
  sessionId: 's',
  tenant: 't',
  seq,
  commandId: null,
  epoch: 1,
  cause: { kind: 'system', id: 'test' },
  at: '2026-01-01T00:00:00.000Z',
  type: 'session.paused',
  data: { from: 'running', to: 'paused', attempt: 1 },
});

/** Alone more than a response buffers. */
const largeEvent = (seq: number): StoredSessionEvent => ({
  ...event(seq),
  cause: { kind: 'system', id: 'x'.repeat(100_000) },
});

/** A stream over a store whose pages the test gives by hand, one per question. */
function aStream(): {
  reader: StreamReader;
  questions: PromiseWithResolvers<StoredSessionEvent[]>[];
  limits: number[];
  response: Writable;
  sent: () => string[];
} {
  const questions: PromiseWithResolvers<StoredSessionEvent[]>[] = [];
  const limits: number[] = [];
  let text = '';
  // As a response does, it has taken a message only after the turn in which that was written.
  const response = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString();
      setImmediate(done);
    },
  });
  const reader = new StreamReader(
    { tenant: 't', sessionId: 's', after: 0, response: response as unknown as ServerResponse },
    {
      history: (_, limit) => {
        limits.push(limit);
        const question = Promise.withResolvers<StoredSessionEvent[]>();
        questions.push(question);
        return question.promise;
      },
      stallMs: 1_000,
      onError: () => {},
    },
  );
  return {
    reader,
    questions,
    limits,
    response,
    sent: () => [...text.matchAll(/^(?:id: (\d+)|data: "(\w+)")$/gm)].map(([, id, name]) => id ?? name ?? ''),
  };
}

const offer = (reader: StreamReader, seq: number) => reader.offer(seq, false, () => `id: ${seq}\n\n`);

test('an event that is committed while an empty page is read is not forgotten', async (t) => {
  const { reader, questions, sent } = aStream();
  reader.catchUp();
  offer(reader, 1);
  questions[0]?.resolve([]);
  await eventually(() => questions.length === 2);
  questions[1]?.resolve([event(1)]);
  await eventually(() => questions.length === 3);
  questions[2]?.resolve([]);
  await eventually(() => sent().length === 1);
  t.deepEqual(sent(), ['1']);
});

test('after a failure to read, the next event that is heard of brings the missed ones too', async (t) => {
  const { reader, questions, sent } = aStream();
  reader.catchUp();
  questions[0]?.reject(new Error('down'));
  await eventually(() => {
    offer(reader, 3);
    return questions.length === 2;
  });
  questions[1]?.resolve([event(1), event(2), event(3)]);
  await eventually(() => sent().length === 3);
  t.deepEqual(sent(), ['1', '2', '3']);
});

test('a large event that came by the bus and was taken costs no page', async (t) => {
  const { reader, questions, response, sent } = aStream();
  for (const seq of [1, 2, 3]) {
    reader.offer(seq, false, () => `id: ${seq}\n${'x'.repeat(100_000)}\n\n`);
    await eventually(() => !response.writableNeedDrain);
  }
  t.deepEqual([sent(), questions], [['1', '2', '3'], []]);
});

test('of large events no more are read than can be written, and all of them come', async (t) => {
  const { reader, questions, limits, sent } = aStream();
  reader.catchUp();
  for (let seen = 0; seen < 8; ) {
    await eventually(() => questions.length > seen);
    seen = questions.length;
    const [next, limit] = [sent().length + 1, limits.at(-1) ?? 0];
    const page = Array.from({ length: Math.min(limit, 7 - next) }, (_, index) => largeEvent(next + index));
    questions.at(-1)?.resolve(page);
    if (page.length === 0) break;
  }
  await eventually(() => sent().length === 6);
  t.deepEqual(sent(), ['1', '2', '3', '4', '5', '6']);
  t.deepEqual(limits, [16, 1, 2, 1, 2, 1, 2]);
});

test('the bus alone suffices for events in order; known ones cost nothing', (t) => {
  const { reader, questions } = aStream();
  for (const seq of [1, 2, 2, 1, 3]) offer(reader, seq);
  t.deepEqual(questions, []);
});
