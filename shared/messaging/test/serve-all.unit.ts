import { UnavailableError } from '@oio/errors';
import test from 'ava';
import type { Bus } from '../src/bus.ts';
import { serviceEnvelope } from '../src/envelope.ts';
import { createInProcessBus } from '../src/in-process-bus.ts';
import { serveAll } from '../src/serve-all.ts';
import { testContracts } from '../src/testing/test-contracts.ts';

const contracts = { first: testContracts().ask, second: testContracts().ask };
const handlers = { first: async () => ({ by: 'first' }), second: async () => ({ by: 'second' }) };

test('every contract of the table is answered by the handler of its name, at the address that is given', async (t) => {
  await using bus = createInProcessBus();
  await serveAll(bus, contracts, handlers, { at: 'worker.w' });
  for (const name of ['first', 'second'] as const) {
    const answer = await bus.request(contracts[name], { number: 1 }, serviceEnvelope('test'), { to: 'worker.w' });
    t.deepEqual(answer, { by: name });
    await t.throwsAsync(bus.request(contracts[name], { number: 1 }, serviceEnvelope('test')));
  }
});

test('all of them end together', async (t) => {
  await using bus = createInProcessBus();
  const end = await serveAll(bus, contracts, handlers);
  await end();
  for (const contract of [contracts.first, contracts.second]) {
    const error = await t.throwsAsync(bus.request(contract, { number: 1 }, serviceEnvelope('test')), {
      instanceOf: UnavailableError,
    });
    t.is(error.code, 'no_responders');
  }
});

test('when one cannot be served none is', async (t) => {
  await using bus = createInProcessBus();
  const failing: Pick<Bus, 'serve'> = {
    serve: async (contract, ...rest) => {
      if (contract.subject === contracts.second.subject) throw new UnavailableError('The server is away.');
      return bus.serve(contract, ...rest);
    },
  };
  await t.throwsAsync(serveAll({ ...bus, ...failing }, contracts, handlers), { message: 'The server is away.' });
  const error = await t.throwsAsync(bus.request(contracts.first, { number: 1 }, serviceEnvelope('test')), {
    instanceOf: UnavailableError,
  });
  t.is(error.code, 'no_responders');
});
