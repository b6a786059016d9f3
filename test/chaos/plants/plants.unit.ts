import { readFile } from 'node:fs/promises';
import test from 'ava';
import { faultsNamed } from '../faults/catalogue.ts';
import { PLANTS, plantsNamed } from './catalogue.ts';
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

test('a name that no plant has is refused: of no plants none is ever missed', (t) => {
  t.deepEqual(
    plantsNamed(['no-self-fence']),
    PLANTS.filter(({ name }) => name === 'no-self-fence'),
  );
  t.throws(() => plantsNamed(['no-such-plant']), { message: /There is no plant "no-such-plant"/ });
});
