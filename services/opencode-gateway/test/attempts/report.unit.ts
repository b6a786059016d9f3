import type { Envelope } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import test from 'ava';
import { createReporter } from '../../src/attempts/report.ts';

const token = '0190a6b2-7c3d-7e4f-8a9b-000000000001.1';

/** A reporter, and the ids of the commands that it sends. */
function openReporter() {
  const ids: string[] = [];
  const router = {
    send: async (_name: string, _payload: unknown, { id }: Envelope) => {
      ids.push(id);
      return { outcome: 'applied', status: 'running' };
    },
  };
  const order = { sessionId: '0190a6b2-7c3d-7e4f-8a9b-000000000002', tenant: 'default', token };
  return { ids, reporter: createReporter(router as unknown as SessionRouter, order, new AbortController().signal) };
}

test('whatever text a warning has, it makes an id that every store can hold, the same for the same text', async (t) => {
  const { ids, reporter } = openReporter();
  const texts = ['error: a\tb\u0000', 'error: \ud83d', 'Über alles', 'x'.repeat(2_000), 'error: a\tb\u0000', ''];
  for (const message of texts) await reporter.report('report-warning', message, { type: 'not_committed', message });
  for (const id of ids) t.regex(id, /^[^\p{Cc}\p{Cs}]{1,200}$/u);
  t.is(ids[4], ids[0]);
  t.is(new Set(ids).size, 5);
});

test('what is an id already stands in that of the command as it is', async (t) => {
  const { ids, reporter } = openReporter();
  await reporter.report('report-warning', 'usage', { type: 'usage', message: 'Not known.' });
  t.deepEqual(ids, [`report-warning:${token}:usage`]);
});
