import { type AppError, InvalidError, UnavailableError } from '@oio/errors';
import { serviceEnvelope } from '../envelope.ts';
import type { BusBehaviours } from './bus-contract.ts';
import { testContracts } from './test-contracts.ts';

/** Built as a service would, from an id that somebody else chose. */
const BAD_ADDRESSES = ['', 'a.b', 'a b', '*', '>', 'a.*', 'a\n', 'a\r\nPUB x', 'ü', '$SYS', 'x'.repeat(129)]
  .map((id) => `worker.${id}`)
  .concat('worker', '.a', '', '*.a');

export const addressBehaviours: BusBehaviours = {
  async 'the members of a queue group share its requests, each answered by exactly one'(t, bus) {
    const { ask } = testContracts();
    let handled = 0;
    for (const by of ['a', 'b', 'c']) {
      await bus.serve(ask, async () => {
        handled += 1;
        return { by };
      });
    }
    const numbers = Array.from({ length: 150 }, (_, number) => number);
    const answers = await Promise.all(numbers.map((number) => bus.request(ask, { number }, serviceEnvelope('test'))));
    t.is(handled, numbers.length);
    t.deepEqual([...new Set(answers.map(({ by }) => by))].toSorted(), ['a', 'b', 'c']);
  },

  async 'requests for two subjects in turn are spread over the members of each'(t, bus) {
    const [first, second] = [testContracts().ask, testContracts().ask];
    for (const by of ['a', 'b']) for (const ask of [first, second]) await bus.serve(ask, async () => ({ by }));
    const answers = { first: new Set<string>(), second: new Set<string>() };
    for (let number = 0; number < 60; number += 1) {
      answers.first.add((await bus.request(first, { number }, serviceEnvelope('test'))).by);
      answers.second.add((await bus.request(second, { number }, serviceEnvelope('test'))).by);
    }
    t.deepEqual([answers.first.size, answers.second.size], [2, 2]);
  },

  async 'an addressed request reaches only the one that is meant'(t, bus) {
    const { ask } = testContracts();
    await bus.serve(ask, async () => ({ by: 'the group' }));
    await bus.serve(ask, async () => ({ by: 'one' }), { at: 'worker.one' });
    await bus.serve(ask, async () => ({ by: 'two' }), { at: 'worker.two' });
    const ask20 = async (options: { to?: string }): Promise<string[]> => {
      const requests = Array.from({ length: 20 }, (_, number) =>
        bus.request(ask, { number }, serviceEnvelope('test'), options),
      );
      return [...new Set((await Promise.all(requests)).map(({ by }) => by))];
    };
    t.deepEqual(await ask20({ to: 'worker.one' }), ['one']);
    t.deepEqual(await ask20({ to: 'worker.two' }), ['two']);
    t.deepEqual(await ask20({}), ['the group']);
  },

  async 'a request to one that is not there fails with no_responders, whoever else serves it'(t, bus) {
    const { ask } = testContracts();
    await bus.serve(ask, async () => ({ by: 'the group' }));
    await bus.serve(ask, async () => ({ by: 'one' }), { at: 'worker.one' });
    const error = await t.throwsAsync(bus.request(ask, { number: 1 }, serviceEnvelope('test'), { to: 'worker.two' }), {
      instanceOf: UnavailableError,
    });
    t.is(error.code, 'no_responders');
  },

  async 'addresses with dots, wildcards, spaces or line breaks in the id are refused'(t, bus) {
    const { ask } = testContracts();
    await bus.serve(ask, async () => ({ by: 'the group' }));
    for (const address of BAD_ADDRESSES) {
      const asked = bus.request(ask, { number: 1 }, serviceEnvelope('test'), { to: address });
      const served = bus.serve(ask, async () => ({ by: 'an intruder' }), { at: address });
      for (const attempt of [asked, served]) {
        const error: AppError = await t.throwsAsync(attempt, { instanceOf: InvalidError }, JSON.stringify(address));
        t.is(error.code, 'invalid_address');
      }
    }
  },
};
