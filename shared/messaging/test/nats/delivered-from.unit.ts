import test from 'ava';
import { deliveredFrom } from '../../src/nats/delivered-from.ts';

const place = { consumer: 'scheduler-x', streamSeq: 17, consumerSeq: 3, storedAtNs: '1700000000000000000' };

test('the place of a message is read from its acknowledgement, with and without a domain', (t) => {
  t.deepEqual(deliveredFrom('$JS.ACK.OIO_EVENTS.scheduler-x.1.17.3.1700000000000000000.0'), place);
  t.deepEqual(deliveredFrom('$JS.ACK._.hash.OIO_EVENTS.scheduler-x.1.17.3.1700000000000000000.0.random'), place);
});

test('anything else has no place', (t) => {
  for (const reply of [undefined, '', '_INBOX.x.y', '$JS.ACK', '$JS.API.OIO_EVENTS.c.1.17.3.17.0']) {
    t.is(deliveredFrom(reply), null);
  }
});
