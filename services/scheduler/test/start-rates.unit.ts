import test from 'ava';
import { StartRates } from '../src/start-rates.ts';

test('what clients name is remembered for as long as it keeps anybody waiting, and no longer', (t) => {
  let nowMs = 0;
  const rates = new StartRates(() => nowMs);
  for (let named = 0; named < 1_000; named += 1) {
    nowMs += 1_000;
    rates.note(`key:acme:${named}`, 60_000);
    t.is(rates.waitMs(`key:acme:${named}`, 60_000), 60_000);
  }
  t.is(rates.size, 60);
  t.is(rates.waitMs('key:acme:998', 60_000), 59_000);
  t.is(rates.waitMs('key:acme:0', 60_000), 0);
});

test('a limit that started again waits from its last start on', (t) => {
  let nowMs = 0;
  const rates = new StartRates(() => nowMs);
  rates.note('global', 60_000);
  nowMs = 59_000;
  rates.note('global', 60_000);
  nowMs = 61_000;
  rates.note('tenant:acme', 60_000);
  t.is(rates.waitMs('global', 60_000), 58_000);
});
