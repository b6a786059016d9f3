import { createLogger } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { tellOfOutages } from '../src/tell-of-outages.ts';

test('the log says once when something goes, and once when it is back', async (t) => {
  const lines: string[] = [];
  const logger = createLogger('test', { destination: { write: (line: string) => void lines.push(line) } });
  let isThere = true;
  const meanwhile = 'nothing is accepted';
  const telling = tellOfOutages(logger, [
    { name: 'nats', isThere: () => isThere, meanwhile },
    { name: 'postgres', isThere: () => true, meanwhile },
  ]);
  t.teardown(() => telling[Symbol.dispose]());
  isThere = false;
  await eventually(() => lines.some((line) => line.includes('nats is away: nothing is accepted')), {
    what: 'it says that NATS is away',
  });
  isThere = true;
  await eventually(() => lines.some((line) => line.includes('nats is back')), { what: 'it says that NATS is back' });
  t.is(lines.length, 2);
});
