import test from 'ava';
import { PagesUnderWay } from '../../src/relay/pages-under-way.ts';

test('pages count as published in their order', async (t) => {
  const published: number[] = [];
  const pages = new PagesUnderWay(() => t.fail());
  const first = Promise.withResolvers<void>();
  await pages.add(first.promise, () => published.push(1));
  await pages.add(Promise.resolve(), () => published.push(2));
  t.deepEqual(published, []);
  first.resolve();
  await pages.settle();
  t.deepEqual(published, [1, 2]);
});

test('a page that comes after one has failed does not count, so that the failed one is not passed over', async (t) => {
  let failures = 0;
  const pages = new PagesUnderWay(() => {
    failures += 1;
  });
  await pages.add(Promise.reject(new Error('The bus is away.')), () => t.fail());
  await t.throwsAsync(pages.settle(), { message: 'The bus is away.' });
  t.true(pages.isEmpty);
  await t.throwsAsync(
    pages.add(Promise.resolve(), () => t.fail()),
    { message: 'The bus is away.' },
  );
  await pages.clear();
  let published = 0;
  await pages.add(Promise.resolve(), () => {
    published += 1;
  });
  await pages.settle();
  t.is(published, 1);
  t.is(failures, 1);
});
