import { quotasChanged } from '@oio/contracts';
import { attemptToken, emptyResumePoint, failureOf } from '@oio/domain';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import type { FakeSessionActor } from './support/fake-session-actor.ts';
import { type Fleet, openFleet } from './support/open-fleet.ts';
import { runs } from './support/runs.ts';

const MODEL = 'anthropic/claude';

/** The run of the session ends, or is impaired, because its provider wants so long a pause. */
async function refuse(actor: FakeSessionActor, id: string, wish: { waitMs: number; byDefault?: boolean; name?: Name }) {
  const { waitMs, byDefault = false, name = 'report-failed' } = wish;
  const { attempt } = actor.snapshot(id);
  if (!attempt) throw new Error('It does not run.');
  const resetAt = new Date(Date.now() + waitMs).toISOString();
  const code = name === 'report-failed' ? 'retry_wait_too_long' : 'rate_limited';
  const failure = { ...failureOf(code, 'Too many requests.'), quota: { model: MODEL, resetAt, byDefault } };
  const token = attemptToken(attempt);
  if (name === 'report-degraded') return actor.order(id, { name, payload: { token, failure } });
  return actor.order(id, {
    name,
    payload: { token, steps: [], resume: emptyResumePoint(), failure, retryAfterMs: waitMs },
  });
}
type Name = 'report-failed' | 'report-degraded';

async function finishStep(actor: FakeSessionActor, id: string) {
  const { attempt } = actor.snapshot(id);
  const tokens = { input: 1, output: 1, reasoning: 0, cacheRead: 0, cacheWrite: 0 };
  const step = { stepId: `step ${id}`, finish: 'stop', tools: [], tokens, costUsd: 0, apiErrors: 0, model: MODEL };
  const token = attempt ? attemptToken(attempt) : '';
  await actor.order(id, { name: 'report-step', payload: { token, step, resume: emptyResumePoint() } });
}

/** One works with the model and is refused for so long, further ones wait, and nothing else is in their way. */
async function refused(fleet: Fleet, waitMs: number, count: number) {
  const { actor } = fleet;
  fleet.announce('one', 50);
  const first = await actor.submit({ model: MODEL });
  await runs(actor, first);
  await refuse(actor, first, { waitMs, name: 'report-degraded' });
  const others: string[] = [];
  for (let number = 0; number < count; number += 1) others.push(await actor.submit({ model: MODEL }));
  return { first, others };
}

const stored = (fleet: Fleet) =>
  fleet.database.query<{ name: string; is_open: boolean }>('select name, is_open from quotas');

test.serial('sessions with a refused model wait and say why, others run, and all start when it is over', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const scheduler = await fleet.startScheduler();
  const { others } = await refused(fleet, 5_000, 3);
  const [next = '', last = ''] = others;
  t.true(await eventually(() => scheduler.explain(next)?.because.reason === 'quota'));
  const waiting = scheduler.explain(next);
  const said = { provider: 'anthropic', model: 'claude', said: 'Too many requests.', closedBy: 'provider' };
  t.like(waiting?.because, { ...said, isReopening: false });
  t.true(Date.parse(String(waiting?.estimatedStart)) > Date.now());
  const free = [await actor.submit({ model: 'anthropic/other' }), await actor.submit()];
  for (const id of free) t.true(await runs(actor, id));
  t.true(await runs(actor, next));
  // Of two that are dispatched side by side either may be the first to run.
  t.deepEqual(actor.dispatched.slice(1, 3).toSorted(), free.toSorted());
  t.is(actor.snapshot(next).retries, 0);
  t.like(scheduler.explain(last)?.because, { isReopening: true }, 'one is let through first');
  await finishStep(actor, next);
  for (const id of others) t.true(await runs(actor, id));
});

test.serial('the next scheduler knows what is closed, also when nobody wrote it down', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const scheduler = await fleet.startScheduler();
  const { others } = await refused(fleet, 3_600_000, 1);
  t.true(await eventually(async () => (await stored(fleet)).length === 1));
  await scheduler[Symbol.asyncDispose]();
  const second = await fleet.startScheduler();
  t.true(await eventually(() => second.explain(others[0] ?? '')?.because.reason === 'quota'));
  t.true(await runs(actor, await actor.submit()), 'it dispatches');
  t.false(actor.dispatched.includes(others[0] ?? ''));

  await second[Symbol.asyncDispose]();
  await fleet.database.query('delete from quotas');
  const third = await fleet.startScheduler();
  t.true(await eventually(() => third.explain(others[0] ?? '')?.because.reason === 'quota'));
  t.true(await runs(actor, await actor.submit()), 'it dispatches');
  t.false(actor.dispatched.includes(others[0] ?? ''));
});

test.serial('the refused session is retried at the reset, which costs it one retry', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  await fleet.startScheduler();
  fleet.announce('one', 50);
  const id = await actor.submit({ model: MODEL });
  await runs(actor, id);
  // Only what has a checkpoint is retried.
  await finishStep(actor, id);
  await refuse(actor, id, { waitMs: 1_500 });
  t.is(actor.snapshot(id).status, 'failed');
  t.true(await runs(actor, id));
  t.is(actor.snapshot(id).retries, 1);
  const [failed, ...rest] = actor.history
    .filter(({ type }) => type === 'session.failed' || type === 'session.running')
    .slice(1);
  const waitedMs = Date.parse(rest[0]?.at ?? '') - Date.parse(failed?.at ?? '');
  t.true(waitedMs >= 1_500 && waitedMs < 15_000, `${waitedMs}`);
});

test.serial(
  'an answer before the reset opens the model for all schedulers, and old failures do not close it again',
  async (t) => {
    await using fleet = await openFleet();
    const { actor } = fleet;
    const scheduler = await fleet.startScheduler();
    const { first, others } = await refused(fleet, 3_600_000, 2);
    await finishStep(actor, first);
    for (const id of others) t.true(await runs(actor, id));
    t.true(await eventually(async () => (await stored(fleet))[0]?.is_open === true));
    await scheduler[Symbol.asyncDispose]();
    await fleet.startScheduler();
    t.true(await runs(actor, await actor.submit({ model: MODEL })));
  },
);

test.serial('an operator closes a model and opens it again', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const scheduler = await fleet.startScheduler();
  fleet.announce('one', 50);
  const write = async (isOpen: boolean) => {
    await fleet.database.query(
      `insert into quotas values ($1, now() + interval '1 hour', $2, 'operator', 'No.', false, false, clock_timestamp())
       on conflict (name) do update set is_open = excluded.is_open, changed_at = excluded.changed_at`,
      [MODEL, isOpen],
    );
    fleet.bus.announce(quotasChanged, {});
  };
  await write(false);
  const id = await actor.submit({ model: MODEL });
  t.true(
    await eventually(() => {
      const because = scheduler.explain(id)?.because;
      return because?.reason === 'quota' && because.closedBy === 'operator' && because.said === 'No.';
    }),
  );
  await write(true);
  t.true(await runs(actor, id));
});

test.serial('sessions that name no model wait when one such was refused', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const scheduler = await fleet.startScheduler();
  fleet.announce('one', 50);
  const first = await actor.submit();
  await runs(actor, first);
  await refuse(actor, first, { waitMs: 3_600_000, byDefault: true, name: 'report-degraded' });
  const second = await actor.submit();
  t.true(await runs(actor, await actor.submit({ model: 'anthropic/other' })));
  t.like(scheduler.explain(second)?.because, { reason: 'quota', model: 'claude' });
});
