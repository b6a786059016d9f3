import test from 'ava';
import { shareAnswers } from '../src/share-answers.ts';

test('questions that come while an answer is under way share the next one, and none gets an older one', async (t) => {
  const share = shareAnswers<number>();
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let asked = 0;
  const ask = async (): Promise<number> => {
    const number = asked;
    asked += 1;
    await gates[number]?.promise;
    return number;
  };
  const first = share('a', ask);
  await Promise.resolve();
  await Promise.resolve();
  t.is(asked, 1);
  const later = [share('a', ask), share('a', ask), share('a', ask)];
  gates[0]?.resolve();
  t.is(await first, 0);
  gates[1]?.resolve();
  t.deepEqual(await Promise.all(later), [1, 1, 1]);
  t.is(asked, 2);
});

test('a failed answer fails those who share it and nobody after them', async (t) => {
  const share = shareAnswers<string>();
  const failing = [share('a', () => Promise.reject(new Error('no'))), share('a', async () => 'unused')];
  for (const answer of failing) await t.throwsAsync(answer, { message: 'no' });
  t.is(await share('a', async () => 'yes'), 'yes');
  t.is(await share('b', async () => 'other'), 'other');
});
