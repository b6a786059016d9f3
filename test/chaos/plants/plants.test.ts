import { readFile } from 'node:fs/promises';
import test from 'ava';
import { faultsNamed } from '../faults/catalogue.ts';
import { PLANTS } from './catalogue.ts';
import { plantInto } from './plant.ts';

for (const { name, edits, faults } of PLANTS) {
  test(`the plant ${name} fits the code as it is`, async (t) => {
    for (const edit of edits) t.not(plantInto(await readFile(edit.file, 'utf8'), edit), '');
    t.is(faultsNamed(faults).length, faults.length);
  });
}

test('a plant whose text is gone says so', (t) => {
  const edit = { file: 'x.ts', find: 'not there', replace: '' };
  t.throws(() => plantInto('some text', edit), { message: /stands 0 times in x\.ts/ });
});
