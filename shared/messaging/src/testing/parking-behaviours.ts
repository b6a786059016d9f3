import { type AppError, ConflictError, InvalidError } from '@oio/errors';
import { serviceEnvelope } from '../envelope.ts';
import type { BusBehaviours } from './bus-contract.ts';
import { Inbox } from './inbox.ts';
import { anyId, type Numbered, numberedPayload, testContracts } from './test-contracts.ts';

const BAD_IDS = ['', 'a b', 'a\r\nNats-Msg-Id: b', 'ü', '*', 'x'.repeat(257)];

export const parkingBehaviours: BusBehaviours = {
  async 'an event that its handler can do nothing with is parked, once for each that gives it up'(t, bus, parked) {
    const { told } = testContracts();
    const handler = async (): Promise<void> => {
      throw new ConflictError('Nothing can be done with this.');
    };
    await bus.subscribe([told], { handler });
    await bus.subscribe([told], { group: 'g', handler });
    const { id } = anyId();
    await bus.publish(told, { number: 1, note: 'π' }, { id });
    const messages = (await parked.received(2)).toSorted((a, b) => a.consumer.length - b.consumer.length);
    for (const message of messages) {
      t.like(message, { subject: told.subject, reason: 'unprocessable', detail: 'Nothing can be done with this.' });
      t.like(message, { encoding: 'text', truncated: false });
      t.deepEqual(JSON.parse(message.payload), { v: 1, id, payload: { number: 1, note: 'π' } });
    }
    t.is(messages[1]?.consumer, `${messages[0]?.consumer}/g`);
  },

  async 'a malformed request is parked beside its refusal; one that the handler refuses is not'(t, bus, parked) {
    const { ask } = testContracts();
    await bus.serve(ask, async () => {
      throw new ConflictError('Not now.');
    });
    const envelope = serviceEnvelope('test');
    await t.throwsAsync(bus.request(ask, { number: 1 }, envelope), { instanceOf: ConflictError });
    const malformed = { number: 'one' } as unknown as Numbered;
    await t.throwsAsync(bus.request(ask, malformed, envelope), { instanceOf: InvalidError });
    const [message, ...others] = await parked.received(1);
    t.like(message, { subject: ask.subject, reason: 'malformed', encoding: 'text', truncated: false });
    t.regex(message?.detail ?? '', /number: /);
    t.deepEqual(JSON.parse(message?.payload ?? ''), { v: 1, envelope, payload: malformed });
    t.deepEqual(others, []);
  },

  async 'of a large message that is parked 64 KiB are kept'(t, bus, parked) {
    const { ask } = testContracts();
    await bus.serve(ask, async () => ({ by: 'any' }));
    await t.throwsAsync(bus.request(ask, { number: 1, note: 'ä'.repeat(50_000) }, serviceEnvelope('test')));
    const [message] = await parked.received(1);
    t.true(message?.truncated);
    const bytes = Buffer.byteLength(message?.payload ?? '');
    t.true(bytes === 65_536 || bytes === 65_535, `kept ${bytes} bytes, without half a character at the end`);
  },

  async 'the id of an event that could end a header or a subject is refused'(t, bus) {
    const { told } = testContracts();
    const inbox = new Inbox<Numbered>();
    await bus.subscribe([told], { handler: inbox.take });
    for (const id of BAD_IDS) {
      const published = bus.publish(told, numberedPayload(1), { id });
      const error: AppError = await t.throwsAsync(published, { instanceOf: InvalidError }, JSON.stringify(id));
      t.is(error.code, 'invalid_message_id');
    }
    await bus.publish(told, numberedPayload(2), anyId());
    t.deepEqual(await inbox.received(1), [numberedPayload(2)]);
  },
};
