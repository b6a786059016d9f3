import test from 'ava';
import { PagesUnderWay } from '../../src/relay/pages-under-way.ts';

test('pages count as published in their order', async (t) => {
  const published: number[] = [];
  const pages = new PagesUnderWay(() => t.fail());
  const first = Promise.withResolvers<void>();
  await pages.add(
    () => first.promise,
    () => published.push(1),
  );
  await pages.add(
    () => Promise.resolve(),
    () => published.push(2),
  );
  t.deepEqual(published, []);
  first.resolve();
  await pages.settle();
  t.deepEqual(published, [1, 2]);
});

test('behind a page that has failed none is published, until what has failed is forgotten', async (t) => {
  const published: number[] = [];
  let failures = 0;
  const pages = new PagesUnderWay(() => {
    failures += 1;
  });
  const add = (page: number, publish = () => Promise.resolve()): Promise<void> =>
    pages.add(
      async () => {
        published.push(page);
        await publish();
      },
      () => published.push(-page),
    );
  await add(1, () => Promise.reject(away));
  await t.throwsAsync(pages.settle(), { is: away });
  t.true(pages.isEmpty);
  await t.throwsAsync(add(2), { is: away });
  await pages.clear();
  await add(1);
  await pages.settle();
  t.deepEqual(published, [1, 1, -1]);
  t.is(failures, 1);
});

test('a page is under way until the last of its events is, also when one before it has failed', async (t) => {
  const pages = new PagesUnderWay(() => {});
  const second = Promise.withResolvers<void>();
  await pages.add(
    () => Promise.reject(away),
    () => t.fail(),
  );
  await pages.add(
    () => second.promise,
    () => t.fail(),
  );
  let isClear = false;
  const clearing = pages.clear().then(() => {
    isClear = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.false(isClear);
  second.resolve();
  await clearing;
  t.true(pages.isEmpty);
});

const away = new Error('The bus is away.');
