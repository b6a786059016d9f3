import type { StoredSessionEvent } from '@oio/contracts';
import { createLogger } from '@oio/runtime';
import test from 'ava';
import { OrderedPublisher } from '../../src/relay/publish-in-order.ts';
import { away } from '../support/relay-stand.ts';

test('behind an event that has failed no other of its session is published, until both are given again', async (t) => {
  const { publisher, taken, refused } = open();
  const [first, second, other] = [eventOf('one', 1), eventOf('one', 2), eventOf('other', 1)];
  refused.add('one:1');
  await t.throwsAsync(publisher.publish([first]), { message: 'It is away.' });
  // The bus would take it by now.
  refused.clear();
  await t.throwsAsync(publisher.publish([second, other]), { message: 'It is away.' });
  t.deepEqual(taken, ['other:1']);
  publisher.startOver();
  await publisher.publish([first, second]);
  t.deepEqual(taken, ['other:1', 'one:1', 'one:2']);
});

function open() {
  const taken: string[] = [];
  const refused = new Set<string>();
  const publisher = new OrderedPublisher({
    bus: {
      async publish(_, __, { id }) {
        if (refused.has(id)) throw away();
        taken.push(id);
      },
    },
    parking: { park: async () => {} },
    logger: createLogger('relay', { level: 'silent' }),
  });
  return { publisher, taken, refused };
}

function eventOf(sessionId: string, seq: number): StoredSessionEvent {
  const event = { sessionId, seq, type: 'session.child-added', data: { childId: 'child' } };
  return event as unknown as StoredSessionEvent;
}
