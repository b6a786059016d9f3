import { InvalidError, TimeoutError, UnavailableError } from '@oio/errors';
import type { Envelope, Received } from '../bus.ts';
import { serviceEnvelope } from '../envelope.ts';
import type { BusBehaviours } from './bus-contract.ts';
import { Gate } from './gate.ts';
import { type Numbered, testContracts } from './test-contracts.ts';

const REQUESTS = 200;

const SESSION = '01a204b5-1cdd-7264-b3a3-e503185aaea5';

export const requestBehaviours: BusBehaviours = {
  async 'a request gets the answer of its handler, which gets the payload with its defaults and the envelope'(t, bus) {
    const { ask } = testContracts();
    const received: Received<Numbered>[] = [];
    await bus.serve(ask, async (message) => {
      received.push(message);
      return { by: `number ${message.payload.number}` };
    });
    const envelope: Envelope = {
      ...serviceEnvelope('test', { tenant: 'acme', sessionId: SESSION }),
      causationId: 'c-1',
    };
    t.deepEqual(await bus.request(ask, { number: 7 }, envelope), { by: 'number 7' });
    t.deepEqual(received, [{ payload: { number: 7, note: 'none' }, envelope }]);
  },

  async 'each of many requests at the same time gets its own answer'(t, bus) {
    const { ask } = testContracts();
    await bus.serve(ask, async ({ payload }) => ({ by: String(payload.number) }));
    const numbers = Array.from({ length: REQUESTS }, (_, number) => number);
    const answers = await Promise.all(numbers.map((number) => bus.request(ask, { number }, serviceEnvelope('test'))));
    t.deepEqual(
      answers.map(({ by }) => by),
      numbers.map(String),
    );
  },

  async 'a request that nobody serves fails with no_responders'(t, bus) {
    const { ask } = testContracts();
    const error = await t.throwsAsync(bus.request(ask, { number: 1 }, serviceEnvelope('test')), {
      instanceOf: UnavailableError,
    });
    t.is(error.code, 'no_responders');
  },

  async 'a request without an answer in time fails with a TimeoutError'(t, bus) {
    using gate = new Gate();
    const { ask } = testContracts();
    await bus.serve(ask, async () => {
      await gate.pass();
      return { by: 'too late' };
    });
    await t.throwsAsync(bus.request(ask, { number: 1 }, serviceEnvelope('test'), { timeoutMs: 50 }), {
      instanceOf: TimeoutError,
      code: 'no_reply',
    });
  },

  async 'a handler that is busy does not keep the next request waiting'(t, bus) {
    using gate = new Gate();
    const { ask } = testContracts();
    await bus.serve(ask, async ({ payload }) => {
      if (payload.number === 1) await gate.pass();
      return { by: String(payload.number) };
    });
    const slow = bus.request(ask, { number: 1 }, serviceEnvelope('test'));
    t.deepEqual(await bus.request(ask, { number: 2 }, serviceEnvelope('test')), { by: '2' });
    gate.open();
    t.deepEqual(await slow, { by: '1' });
  },

  async 'a malformed request is refused with every wrong field named and does not reach the handler'(t, bus) {
    const { ask } = testContracts();
    const received: number[] = [];
    await bus.serve(ask, async ({ payload }) => {
      received.push(payload.number);
      return { by: 'the handler' };
    });
    const malformed = { number: 'one', note: 'x'.repeat(101), extra: true } as unknown as Numbered;
    const error = await t.throwsAsync(bus.request(ask, malformed, serviceEnvelope('test')), {
      instanceOf: InvalidError,
    });
    t.deepEqual(error.violations.map(({ field }) => field).toSorted(), ['extra', 'note', 'number']);
    t.deepEqual(received, []);
  },
};
