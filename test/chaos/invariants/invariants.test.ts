import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { INVARIANTS } from './catalogue.ts';
import type { Window } from '../windows.ts';
import type { Evidence } from './invariant.ts';
import { open } from './made-up-run.ts';

test('a history in good order breaks nothing', async (t) => {
  await using place = await open();
  await place.session([
    ['session.created', 1],
    ['session.queued', 1],
  ]);
  t.deepEqual(await place.broken(), []);
});

const broken = test.macro(
  async (t, ids: string[], change: (place: Awaited<ReturnType<typeof open>>, id: string) => Promise<unknown>) => {
    await using place = await open();
    const id = await place.session([
      ['session.created', 1],
      ['session.queued', 1],
    ]);
    await change(place, id);
    t.deepEqual(await place.broken(), ids);
  },
);

test('a gap in the history is seen', broken, ['I1'], ({ witness }, id) =>
  witness.query('delete from session_events where session_id = $1 and seq = 1', [id]),
);

test('a session that stands elsewhere than its history is seen', broken, ['I1'], ({ witness }, id) =>
  witness.query('update sessions set version = 5 where id = $1', [id]),
);

test('a write under an old epoch is seen', broken, ['I3'], async ({ witness, event }, id) => {
  await witness.query('update sessions set owner_epoch = 2, owner = gen_random_uuid() where id = $1', [id]);
  await event(id, 3, 'session.checkpoint-made', 1);
});

test('a dispatch under the epoch of a deposed scheduler is seen', broken, ['I3'], async ({ witness, event }, id) => {
  await witness.query(`insert into leaders values ('scheduler', gen_random_uuid(), 7, now())`);
  await event(id, 3, 'session.running', 1, { schedulerEpoch: 6 });
});

test('an epoch that falls is seen', broken, ['I2', 'I3'], async ({ witness, event }, id) => {
  await witness.query('update sessions set owner_epoch = 2 where id = $1', [id]);
  await event(id, 3, 'session.checkpoint-made', 2);
  await event(id, 4, 'session.checkpoint-made', 1);
});

test('two owners under one epoch are seen', broken, ['I6'], async ({ witness, event }, id) => {
  await witness.query('update sessions set owner = gen_random_uuid() where id = $1', [id]);
  await event(id, 3, 'session.checkpoint-made', 1);
});

test('a way out of a final state is seen', broken, ['I15'], ({ event }, id) =>
  event(id, 3, 'session.running', 1, { from: 'completed', to: 'running' }),
);

test('a call that was let through under an old epoch is seen', broken, ['I4'], async ({ witness }, id) => {
  await witness.query('update sessions set owner_epoch = 3 where id = $1', [id]);
  await witness.query('insert into run_fences (session_id, fence, gateway) values ($1, 2000001, gen_random_uuid())', [
    id,
  ]);
});

test('a call that passed no gate is seen', broken, ['I4'], ({ calls }, id) => {
  calls.push({ number: 1, atMs: Date.now(), kind: 'prompt', sessionId: id, messageId: 'm', faultWhen: null });
  return Promise.resolve();
});

test('each call needs a pass of its own, and what was claimed or passed before does not serve it', async (t) => {
  await using place = await open();
  const { witness, calls } = place;
  const id = await place.session([['session.created', 1]]);
  const letThrough = async (lasts: boolean): Promise<void> => {
    await witness.query(
      `with setting as materialized (select set_config('synchronous_commit', $1, true) as value)
      insert into run_fences as f (session_id, fence, gateway) select $2::uuid, 1000001, gen_random_uuid() from setting
      on conflict (session_id) do update set fence = excluded.fence`,
      [lasts ? 'on' : 'off', id],
    );
  };
  const call = (kind: 'create' | 'prompt' | 'resume'): void => {
    const number = calls.length + 1;
    calls.push({ number, atMs: Date.now(), kind, sessionId: id, messageId: `m${number}`, faultWhen: null });
  };
  await letThrough(true);
  call('create');
  t.deepEqual(await place.broken(), []);
  await letThrough(false);
  call('prompt');
  t.deepEqual(await place.broken(), []);
  await letThrough(true);
  call('resume');
  t.deepEqual(await place.broken(), ['I4']);
});

test('a prompt that was posted twice is seen', broken, ['I4', 'I13'], ({ calls }, id) => {
  calls.push(aPrompt(id, 1, null), aPrompt(id, 2, null));
  return Promise.resolve();
});

test('a prompt that was posted again when only its answer was lost is seen', broken, ['I4', 'I13'], ({ calls }, id) => {
  calls.push(aPrompt(id, 1, 'after'), aPrompt(id, 2, null));
  return Promise.resolve();
});

test('a prompt that was not stored may be posted again', broken, ['I4'], ({ calls }, id) => {
  calls.push(aPrompt(id, 1, 'before'), aPrompt(id, 2, null));
  return Promise.resolve();
});

test('a timer that has not fired is seen at the end, as long as its session is there', async (t) => {
  await using place = await open();
  const id = await place.session([['session.created', 1]]);
  const late = async (): Promise<number> => {
    const timers = INVARIANTS.filter((invariant) => invariant.id === 'I19');
    const found = timers.map((invariant) => invariant.check(place.evidence));
    return (await Promise.all(found)).flat().length;
  };
  await place.witness.query(`update sessions set timer_at = now() + interval '1 second' where id = $1`, [id]);
  t.is(await late(), 0);
  await place.witness.query(`update sessions set timer_at = now() - interval '1 minute' where id = $1`, [id]);
  t.is(await late(), 1);
  await place.witness.query('update sessions set deleted_at = now() where id = $1', [id]);
  t.is(await late(), 0);
});

test('an event that was published and is not in the history is seen', broken, ['I17'], ({ events }, id) => {
  events.set(`${id}:9`, {
    sessionId: id,
    seq: 9,
    type: 'session.paused',
    epoch: 1,
    commandId: null,
    publishedAt: Date.now(),
    seenAt: Date.now(),
  });
  return Promise.resolve();
});

test('an event that was passed over is seen, unless it has to wait for the bus or for somebody to publish it', async (t) => {
  await using place = await open();
  const id = await place.session([
    ['session.created', 1],
    ['session.queued', 1],
  ]);
  const at = Date.now() - 10_000;
  place.events.set(`${id}:2`, {
    sessionId: id,
    seq: 2,
    type: 'session.queued',
    epoch: 1,
    commandId: null,
    publishedAt: at,
    seenAt: at,
  });
  const breaches = async (...windows: Window[]): Promise<number> => {
    const looks = INVARIANTS.filter((invariant) => invariant.id === 'I17' && invariant.continuous);
    return (await Promise.all(looks.map((one) => one.check({ ...place.evidence, windows })))).flat().length;
  };
  const window = { touches: ['actors'], from: at - 500, to: Date.now() } as const;
  // Transactions of other tests on the same server may be older.
  await eventually(async () => (await breaches()) === 1, { what: 'the breach' });
  await eventually(async () => (await breaches({ ...window, fault: 'kill-owner' })) === 1, { what: 'the breach' });
  t.is(await breaches({ ...window, fault: 'kill-all-actors' }), 0);
  t.is(await breaches({ ...window, fault: 'nats-kill' }), 0);
});

test('an event that comes out late is seen, unless what it needs was disturbed until shortly before', async (t) => {
  await using place = await open();
  const id = await place.session([['session.created', 1]]);
  const committedAt = Date.now();
  const breaches = async (...windows: Window[]): Promise<number> => {
    const looks = INVARIANTS.filter((invariant) => invariant.id === 'I17' && !invariant.continuous);
    return (await Promise.all(looks.map((one) => one.check({ ...place.evidence, windows })))).flat().length;
  };
  const restart = {
    fault: 'pg-restart',
    touches: ['postgres'],
    from: committedAt - 500,
    to: committedAt + 3_000,
  } as const;
  const outage = {
    fault: 'nats-kill',
    touches: ['nats'],
    from: committedAt + 7_000,
    to: committedAt + 55_000,
  } as const;
  t.is(await breaches(restart, outage), 1);
  const event = { sessionId: id, seq: 1, type: 'session.created', epoch: 1, commandId: null };
  place.events.set(`${id}:1`, { ...event, publishedAt: committedAt + 59_000, seenAt: committedAt + 90_000 });
  t.is(await breaches(), 1);
  t.is(await breaches(restart), 1);
  t.is(await breaches(outage), 1);
  t.is(await breaches({ ...restart, touches: ['redis'], to: outage.to }), 1);
  t.is(await breaches(restart, outage), 0);
});

test('a statement waits at a barrier until it is lifted', async (t) => {
  await using place = await open();
  const id = await place.session([['session.created', 1]]);
  const barrier = await place.witness.block('dispatch');
  const dispatched = place.event(id, 2, 'session.running', 1);
  while ((await barrier.waiting()) === 0);
  t.deepEqual(await place.witness.query('select seq from session_events where seq = 2'), []);
  await barrier[Symbol.asyncDispose]();
  await dispatched;
  t.is((await place.witness.query('select seq from session_events where seq = 2')).length, 1);
});

function aPrompt(sessionId: string, number: number, faultWhen: 'before' | 'after' | null): Evidence['calls'][number] {
  return { number, atMs: Date.now(), kind: 'prompt', sessionId, messageId: 'm', faultWhen };
}
