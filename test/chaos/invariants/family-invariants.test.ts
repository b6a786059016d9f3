import { randomUUID } from 'node:crypto';
import test from 'ava';
import { takeoversOf } from '../takeovers.ts';
import { open } from './made-up-run.ts';

type Place = Awaited<ReturnType<typeof open>>;

/** A parent of this policy and its child, each in this state. */
async function family(place: Place, { policy = 'cancel', parent = 'completed', child = 'running' } = {}) {
  const [parentId, childId] = [await place.session([]), await place.session([])];
  await place.event(parentId, 1, 'session.created', 1, { session: { childPolicy: policy } });
  await place.event(childId, 1, 'session.created', 1);
  await place.witness.query(BECOME, [parentId, parent, null]);
  await place.witness.query(BECOME, [childId, child, parentId]);
  return { parentId, childId };
}

const BECOME = `update sessions set status = $2, parent_id = $3,
  state = json_build_object('statusUpdatedAt', now() - interval '1 minute') where id = $1`;

test('a child that lives after the end of its parent is seen, unless the policy lets it go or somebody retried it', async (t) => {
  await using place = await open();
  await family(place, { parent: 'running' });
  await family(place, { child: 'stopped' });
  await family(place, { policy: 'detach' });
  const retried = await family(place, { child: 'queued' });
  await place.event(retried.childId, 2, 'session.queued', 1, { from: 'stopped', to: 'queued' });
  await place.witness.query(`update session_events set cause = '{"kind":"principal"}' where seq = 2`);
  t.deepEqual(await place.breachesOf('I12'), []);
  const left = await family(place, { child: 'paused' });
  const byItself = await family(place, { policy: 'orphan', child: 'queued' });
  await place.event(byItself.childId, 2, 'session.queued', 1, { from: 'failed', to: 'queued' });
  t.deepEqual(
    (await place.breachesOf('I12')).toSorted(),
    [
      `session ${left.childId} is paused, and its parent ${left.parentId} (cancel) is completed`,
      `session ${byItself.childId} is queued, and its parent ${byItself.parentId} (orphan) is completed`,
    ].toSorted(),
  );
});

test('a child that was ended otherwise than the policy of its parent says is seen', async (t) => {
  await using place = await open();
  const failure = { code: 'parent_ended' };
  for (const [policy, type] of [
    ['cancel', 'stopped'],
    ['cancel', 'cancelled'],
    ['orphan', 'orphaned'],
  ] as const) {
    const { childId } = await family(place, { policy, child: type });
    await place.event(childId, 2, `session.${type}`, 1, { failure });
  }
  t.deepEqual(await place.breachesOf('I12'), []);
  for (const [policy, type] of [
    ['cancel', 'orphaned'],
    ['orphan', 'stopped'],
    ['detach', 'stopped'],
  ] as const) {
    const { childId } = await family(place, { policy, child: type });
    await place.event(childId, 2, `session.${type}`, 1, { failure });
  }
  t.is((await place.breachesOf('I12')).length, 3);
});

test('a parent that succeeded in part and whose children have all succeeded is seen', async (t) => {
  await using place = await open();
  const { parentId } = await family(place, { parent: 'partially_completed', child: 'completed' });
  const { childId } = await family(place, { child: 'failed' });
  await place.witness.query('update sessions set parent_id = $2 where id = $1', [childId, parentId]);
  t.deepEqual(await place.breachesOf('I12'), []);
  await place.witness.query(`update sessions set status = 'completed' where id = $1`, [childId]);
  t.deepEqual(await place.breachesOf('I12'), [
    `session ${parentId} is partially_completed, and all of its children have succeeded`,
  ]);
});

test('a parent that had ended when its owner was lost was not without one until a child of it called', async (t) => {
  await using place = await open();
  const working = await place.session([['session.created', 1]]);
  const parent = await place.session([['session.created', 1]]);
  const loss = { how: 'handover', incarnation: randomUUID(), at: Date.now() - 5_000, fault: 'roll' } as const;
  for (const [id, status] of [
    [working, 'running'],
    [parent, 'partially_completed'],
  ])
    await place.witness.query('update sessions set status = $2 where id = $1', [id, status]);
  await place.witness.query('update sessions set owner_epoch = 2, owner = gen_random_uuid()');
  const found = await takeoversOf(place.witness, [{ ...loss, sessions: [working, parent] }]);
  t.deepEqual(
    found.map(({ sessionId }) => sessionId),
    [working],
  );
});
