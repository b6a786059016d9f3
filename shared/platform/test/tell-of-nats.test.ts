import { createLogger } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { tellOfNats } from '../src/tell-of-nats.ts';

test('the log says once when NATS goes, and once when it is back', async (t) => {
  const lines: string[] = [];
  const logger = createLogger('test', { destination: { write: (line: string) => void lines.push(line) } });
  const bus = { isConnected: true };
  const telling = tellOfNats(bus, logger);
  t.teardown(() => telling[Symbol.dispose]());
  bus.isConnected = false;
  await eventually(() => lines.some((line) => line.includes('nats is away')), { what: 'it says that NATS is away' });
  bus.isConnected = true;
  await eventually(() => lines.some((line) => line.includes('nats is back')), { what: 'it says that NATS is back' });
  t.is(lines.length, 2);
});
