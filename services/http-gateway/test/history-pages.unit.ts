import type { StoredSessionEvent } from '@oio/contracts';
import test from 'ava';
import { HistoryPages } from '../src/history-pages.ts';

/** A store whose answers the test gives by hand. */
function aStore() {
  const questions: PromiseWithResolvers<StoredSessionEvent[]>[] = [];
  const history = () => {
    const question = Promise.withResolvers<StoredSessionEvent[]>();
    questions.push(question);
    return question.promise;
  };
  return { pages: new HistoryPages({ history }), questions };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const from = (after: number) => ({ after, limit: 16 });

test('a page that several wait for is read once, and not for another session, tenant or place', async (t) => {
  const { pages, questions } = aStore();
  const same = [pages.read('t', 's', from(1)), pages.read('t', 's', from(1))];
  const others = [pages.read('t', 's', from(2)), pages.read('t', 'x', from(1)), pages.read('u', 's', from(1))];
  await turn();
  t.is(questions.length, 4);
  for (const { resolve } of questions) resolve([]);
  t.deepEqual(await Promise.all([...same, ...others]), [[], [], [], [], []]);
});

test('a page that is being read does not serve those who ask from then on: more may have been committed', async (t) => {
  const { pages, questions } = aStore();
  void pages.read('t', 's', from(1));
  await turn();
  void pages.read('t', 's', from(1));
  await turn();
  t.is(questions.length, 2);
});

test('eight pages are read at a time, and those that wait for their turn are shared', async (t) => {
  const { pages, questions } = aStore();
  for (let after = 0; after < 9; after += 1) void pages.read('t', 's', from(after));
  await turn();
  void pages.read('t', 's', from(8));
  await turn();
  t.is(questions.length, 8);
  questions[0]?.resolve([]);
  await turn();
  t.is(questions.length, 9);
});

test('a page that cannot be read is asked for again', async (t) => {
  const { pages, questions } = aStore();
  const failed = pages.read('t', 's', from(1));
  await turn();
  questions[0]?.reject(new Error('down'));
  await t.throwsAsync(failed, { message: 'down' });
  void pages.read('t', 's', from(1));
  await turn();
  t.is(questions.length, 2);
});
