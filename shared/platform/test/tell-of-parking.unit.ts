import type { ParkedMessage } from '@oio/messaging';
import { createLogger } from '@oio/runtime';
import test from 'ava';
import { tellOfParking } from '../src/tell-of-parking.ts';

const MESSAGE: ParkedMessage = {
  subject: 'session.create',
  consumer: 'session-actor',
  reason: 'foreign',
  detail: 'The message is not JSON in UTF-8.',
  payload: 'hello',
  encoding: 'text',
  truncated: false,
};

test('the log says that a message was parked, and of a flood now and then how many', async (t) => {
  const lines: string[] = [];
  const logger = createLogger('test', { destination: { write: (line: string) => void lines.push(line) } });
  const parked: ParkedMessage[] = [];
  let nowMs = 0;
  const parking = tellOfParking({ park: async (message) => void parked.push(message) }, logger, () => nowMs);
  for (let count = 0; count < 5; count += 1) await parking.park(MESSAGE);
  nowMs = 20_000;
  await parking.park({ ...MESSAGE, subject: 'session.cancel' });
  t.is(parked.length, 6);
  const said = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  t.deepEqual(
    said.map(({ subject, consumer, reason, messages }) => [subject, consumer, reason, messages]),
    [
      ['session.create', 'session-actor', 'foreign', 1],
      ['session.cancel', 'session-actor', 'foreign', 5],
    ],
  );
  t.notRegex(lines.join(''), /hello/);
});
