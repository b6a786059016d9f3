import { randomUUID } from 'node:crypto';
import test from 'ava';
import { open } from './made-up-run.ts';

const ASKED = `insert into approvals (id, session_id, tenant, status, request_id, record) values ($1, $2, 't', $3, 'r', '{}')`;
const WAITS = `update sessions set state = json_build_object('approvals', json_build_array(json_build_object('id', $2::text))) where id = $1`;

test('what is still asked for at the end is seen', async (t) => {
  await using place = await open();
  const id = await place.session([['session.created', 1]]);
  for (const status of ['answered', 'expired', 'withdrawn'])
    await place.witness.query(ASKED, [randomUUID(), id, status]);
  t.deepEqual(await place.breachesOf('I12'), []);
  await place.witness.query(ASKED, [randomUUID(), id, 'pending']);
  t.is((await place.breachesOf('I12')).length, 1);
});

test('a session that waits for what has been answered is seen', async (t) => {
  await using place = await open();
  const [id, approvalId] = [await place.session([['session.created', 1]]), randomUUID()];
  await place.witness.query(ASKED, [approvalId, id, 'answered']);
  t.deepEqual(await place.breachesOf('I12'), []);
  await place.witness.query(WAITS, [id, approvalId]);
  t.deepEqual(await place.breachesOf('I12'), [`session ${id} (queued) waits for ${approvalId}, which is answered`]);
});
