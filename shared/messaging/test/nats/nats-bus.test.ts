import test from 'ava';
import { createNatsBus } from '../../src/nats/nats-bus.ts';
import { busContract } from '../../src/testing/bus-contract.ts';
import { startTestNats, type TestNats } from '../support/start-test-nats.ts';

let nats: TestNats;

test.before(async () => {
  nats = await startTestNats();
});

test.after.always(() => nats[Symbol.asyncDispose]());

busContract(test, (options) => createNatsBus({ url: nats.url, name: 'test', ...options }));
