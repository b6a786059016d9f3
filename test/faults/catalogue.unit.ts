import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MODEL_FAULTS } from '@oio/scripted-model';
import test from 'ava';
import { playOf } from '../stand-in/named-faults.ts';
import { FAULTS, faultsNamed, isPlayedOn } from './catalogue.ts';
import { fileOf, TRAPS } from './traps.ts';

test('every trap of the real server has a fault', (t) => {
  const met = new Set(FAULTS.flatMap(({ from }) => from));
  t.deepEqual(
    Object.keys(TRAPS).filter((number) => !met.has(Number(number))),
    [],
  );
});

for (const [number, { says, tests }] of Object.entries(TRAPS))
  test(`trap ${number} has the tests that it names: ${says}`, async (t) => {
    t.true(tests.length > 0);
    for (const [file, title] of tests) {
      const source = await readFile(join(import.meta.dirname, '..', '..', fileOf(file)), 'utf8');
      t.true(source.includes(title), `${file}: ${title}`);
    }
  });

test('every hostile answer that is listed has a fault', (t) => {
  const said = ['one byte in ten seconds', 'empty 200', 'endless body', 'HTML', 'wrong JSON', 'a storm of 500'];
  const met = new Set(FAULTS.filter(({ side }) => side === 'server').flatMap(({ from }) => from));
  t.deepEqual(
    [...said, '429 with Retry-After'].filter((what) => !met.has(`hostile: ${what}`)),
    [],
  );
});

test('every fault has a name of its own and is played somewhere', (t) => {
  t.is(new Set(FAULTS.map(({ name }) => name)).size, FAULTS.length);
  t.true(FAULTS.length >= 30);
  for (const fault of FAULTS) {
    t.is(playOf(fault.name) !== null, isPlayedOn('stand-in', fault), fault.name);
    if (fault.side === 'model') t.true(MODEL_FAULTS.some((name) => name === fault.name));
  }
});

test('a fault that there is not is named', (t) => {
  t.throws(() => faultsNamed(['html', 'no-such-fault']), { message: /"no-such-fault"/ });
});
