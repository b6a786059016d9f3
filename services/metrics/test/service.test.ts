import { metricsExposition, sessionMetrics } from '@oio/contracts';
import { NotFoundError, UnavailableError } from '@oio/errors';
import { type Bus, serviceEnvelope } from '@oio/messaging';
import type { Database } from '@oio/persistence';
import { newId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { Life } from './support/life.ts';
import { openRig } from './support/open-rig.ts';
import { totalsIn } from './support/totals-in.ts';

test.serial('a life is told in numbers', async (t) => {
  await using rig = await openRig();
  await rig.start();
  const life = new Life({ priority: 'high' }).wait(3).dispatch().wait(40).step('a').step('b').wait(20).complete();
  await rig.happen(life);
  await rig.comesTo('oio_sessions{status="completed"}', 1);
  const expected: Record<string, number> = {
    'oio_sessions{status="running"}': 0,
    'oio_sessions_accepted_total{type="execution",priority="high"}': 1,
    'oio_session_transitions_total{to="queued"}': 1,
    'oio_session_transitions_total{to="running"}': 1,
    'oio_session_queue_wait_seconds_sum{priority="high"}': 3,
    'oio_session_queue_wait_seconds_count{priority="high"}': 1,
    'oio_session_execution_seconds_sum{outcome="completed"}': 60,
    'oio_session_execution_seconds_bucket{le="60",outcome="completed"}': 1,
    oio_session_steps_total: 2,
    'oio_tokens_total{tenant="acme",model="test/large",kind="input"}': 200,
    'oio_tokens_total{tenant="acme",model="test/large",kind="cacheRead"}': 100,
    'oio_cost_usd_total{tenant="acme",model="test/large"}': 0.5,
    'oio_model_calls_total{tenant="acme",model="test/large"}': 4,
    'oio_model_call_errors_total{tenant="acme",model="test/large"}': 2,
    'oio_session_checkpoints_total{origin="step"}': 2,
    oio_metrics_catching_up: 0,
  };
  for (const [line, value] of Object.entries(expected)) t.is(await rig.value(line), value, line);
});

test.serial('failures and retries are counted by their reason and what brought them', async (t) => {
  await using rig = await openRig();
  await rig.start();
  const retry = { name: 'retry', payload: {} } as const;
  const life = new Life().dispatch().step('a').wait(10).fail();
  const { retry: timer } = life.snapshot.timers;
  life.order(
    { name: 'fire-timer', payload: { name: 'retry', generation: timer?.generation ?? 0 } },
    { kind: 'timer', id: 'scheduler' },
  );
  life.dispatch().wait(5).fail().order(retry);
  await rig.happen(life);
  await rig.comesTo('oio_session_retries_total{trigger="manual"}', 1);
  t.is(await rig.value('oio_session_retries_total{trigger="automatic"}'), 1);
  t.is(await rig.value('oio_session_failures_total{code="rate_limited"}'), 2);
  t.is(await rig.value('oio_session_execution_seconds_sum{outcome="failed"}'), 15);
  t.is(await rig.value('oio_sessions{status="queued"}'), 1);
});

test.serial('refusals are counted by their model, and so are the models that are closed now', async (t) => {
  await using rig = await openRig();
  await rig.database.query(
    `insert into quotas select name, reset_at, false, 'provider', 'Slow down.', false, false, now() from (values
       ('a/x', now() + interval '1 hour'), ('a/y', now() - interval '1 second')) as closed(name, reset_at)`,
  );
  await rig.start();
  const quota = { model: 'a/x', resetAt: '2027-01-01T00:00:00.000Z', byDefault: false };
  await rig.happen(new Life().dispatch().step('a').fail({ quota }));
  await rig.happen(new Life().dispatch().step('a').fail());
  await rig.comesTo('oio_session_failures_total{code="rate_limited"}', 2);
  t.is(await rig.value('oio_quota_refusals_total{tenant="acme",model="a/x"}'), 1);
  t.is(await rig.value('oio_closed_models'), 1);
});

test.serial('what happened before the start counts as well, once, however often the bus brings it', async (t) => {
  await using rig = await openRig();
  await rig.store(new Life({ startMs: Date.now() - 60_000 }));
  const running = new Life({ startMs: Date.now() - 60_000 }).wait(5).dispatch();
  await rig.store(running);
  await rig.start();
  t.is(await rig.value('oio_sessions{status="queued"}'), 1);
  t.is(await rig.value('oio_sessions{status="running"}'), 1);
  t.is(await rig.value('oio_session_transitions_total{to="running"}'), 1);
  t.is(await rig.value('oio_session_queue_wait_seconds_sum{priority="medium"}'), 5);

  await rig.publish(running.history);
  await rig.happen(running.wait(3_600).complete());
  await rig.publish(running.history);
  await rig.comesTo('oio_sessions{status="completed"}', 1);
  t.is(await rig.value('oio_sessions{status="running"}'), 0);
  t.is(await rig.value('oio_session_transitions_total{to="running"}'), 1);
  t.is(await rig.value('oio_session_execution_seconds_sum{outcome="completed"}'), 3_600);
});

test.serial(
  'stored events that cannot be read are left out, and hold up neither the start nor the others',
  async (t) => {
    await using rig = await openRig();
    const broken = [
      'null',
      '"text"',
      '{"session": null, "step": 7}',
      String.raw`{"session": {"type": "\u0000"}, "to": 7}`,
      String.raw`{"session": {"type": "\ud800"}, "to": "\udc00"}`,
      '{"session": {"type": {}}, "to": {"x": 1e999999}, "failure": 1}',
    ];
    const lives = Array.from([...broken, 'good'], () => new Life().dispatch().step('a').complete());
    for (const life of lives) await rig.store(life);
    for (const [index, data] of broken.entries())
      await rig.database.query('update session_events set data = $2::json where session_id = $1::uuid', [
        lives[index]?.id,
        data,
      ]);
    await rig.start();
    t.is(await rig.value('oio_sessions_accepted_total{type="execution",priority="medium"}'), 1);
    t.is(await rig.value('oio_session_transitions_total{to="completed"}'), 1);
    t.is(await rig.value('oio_session_steps_total'), 1);
  },
);

test.serial(
  'of long documents the same is counted, and such as cannot be taken apart are left out as well',
  async (t) => {
    await using rig = await openRig();
    const long = new Life({ priority: 'low' }).wait(4).dispatch().step('a').complete();
    await rig.store(long);
    const damaged = new Life().dispatch().complete();
    await rig.store(damaged);
    await rig.database.query(
      `update session_events set data = (left(data::text, -1) || ', "text": "' || repeat('long ', 1000) || '"}')::json`,
    );
    await rig.database.query(
      String.raw`update session_events set data = (left(data::text, -1) || ', "bad": "\u0000"}')::json where session_id = $1::uuid`,
      [damaged.id],
    );
    await rig.start();
    t.is(await rig.value('oio_sessions_accepted_total{type="execution",priority="low"}'), 1);
    t.is(await rig.value('oio_session_queue_wait_seconds_sum{priority="low"}'), 4);
    t.is(await rig.value('oio_tokens_total{tenant="acme",model="test/large",kind="input"}'), 100);
    t.is(await rig.value('oio_session_checkpoints_total{origin="step"}'), 1);
    t.is(await rig.value('oio_session_transitions_total{to="completed"}'), 1);
  },
);

test.serial('an instance that is started while much happens comes to the totals of the others', async (t) => {
  await using rig = await openRig();
  await rig.start();
  const lives = Array.from({ length: 60 }, (_, index) => {
    const life = new Life({ priority: index % 2 === 0 ? 'high' : 'low' }).wait(1).dispatch().step('a').wait(2);
    return index % 3 === 0 ? life.fail() : life.complete();
  });
  const working = (async () => {
    for (const life of lives) await rig.happen(life);
  })();
  for (let more = 0; more < 3; more += 1) await rig.start();
  await working;
  const all = await eventually(async () => {
    const totals = (await rig.expositions(4)).map(totalsIn);
    return totals.every((own) => own.includes('oio_session_transitions_total{to="running"} 60')) ? totals : null;
  });
  for (const own of all) t.deepEqual(own, all[0]);
});

test.serial('what the bus has brought is not read, and what it has lost is', async (t) => {
  await using rig = await openRig();
  await rig.start();
  const life = new Life().wait(1).dispatch().step('a').step('b').complete();
  await rig.publish(life.history.filter(({ seq }) => seq !== 3 && seq !== 5));
  await rig.store(life);
  await rig.comesTo('oio_session_transitions_total{to="completed"}', 1);
  t.is(await rig.value('oio_metrics_events_total{source="bus"}'), life.history.length - 2);
  t.is(await rig.value('oio_metrics_events_total{source="database"}'), 2);
  t.is(await rig.value('oio_session_steps_total'), 2);
  t.is(await rig.value('oio_session_queue_wait_seconds_sum{priority="medium"}'), 1);
});

test.serial('what the bus brings that was never committed is not counted', async (t) => {
  await using rig = await openRig();
  await rig.start();
  await rig.publish(new Life().dispatch().history);
  await rig.happen(new Life());
  await rig.comesTo('oio_session_transitions_total{to="queued"}', 1);
  t.is(await rig.value('oio_session_transitions_total{to="running"}'), undefined);
});

test.serial('an outage of the database holds the totals up and changes none', async (t) => {
  await using rig = await openRig();
  let isAway = false;
  const query: Database['query'] = (sql, ...rest) =>
    isAway ? Promise.reject(new UnavailableError('away')) : rig.database.query(sql, ...rest);
  await rig.start({ database: { ...rig.database, query } });
  isAway = true;
  const life = new Life().wait(2).dispatch().step('a').complete();
  await rig.happen(life);
  t.is(await rig.value('oio_session_steps_total'), 0);
  isAway = false;
  await rig.comesTo('oio_session_steps_total', 1);
  t.is(await rig.value('oio_session_queue_wait_seconds_sum{priority="medium"}'), 2);
});

test.serial('each of several instances gives the whole picture, also when the bus brings it nothing', async (t) => {
  await using rig = await openRig();
  await rig.start();
  const deaf: Bus = { ...rig.bus, subscribe: async () => async () => {} };
  await rig.start({ bus: deaf });
  for (const life of Array.from({ length: 5 }, () => new Life().wait(1).dispatch().step('a').complete()))
    await rig.happen(life);
  const shown = await eventually(async () => {
    const all = await rig.expositions(2);
    return all.every((own) => own.includes('oio_session_transitions_total{to="completed"} 5\n')) ? all : null;
  });
  const [whole = [], read] = shown.map(totalsIn);
  t.true(whole.length > 10);
  t.deepEqual(read, whole);
});

test.serial('the exposition has the process metrics and no ids', async (t) => {
  await using rig = await openRig();
  await rig.start();
  const life = new Life().dispatch();
  await rig.happen(life);
  await rig.comesTo('oio_session_transitions_total{to="running"}', 1);
  const { contentType, body } = await rig.bus.request(metricsExposition, {}, serviceEnvelope('test'));
  t.regex(contentType, /^text\/plain; version=0\.0\.4/);
  t.regex(body, /process_resident_memory_bytes \d+/);
  t.false(body.includes(life.id));
  t.false(body.includes('acme'));
});

test.serial('the execution metrics of a session are for its own tenant only', async (t) => {
  await using rig = await openRig();
  await rig.start();
  const life = new Life().wait(2).dispatch().step('a').wait(8).complete();
  await rig.store(life);
  const ask = (sessionId: string, tenant: string) =>
    rig.bus.request(sessionMetrics, { sessionId }, serviceEnvelope('test', { tenant }));
  const metrics = await ask(life.id, 'acme');
  t.is(metrics.queuedSeconds, 2);
  t.is(metrics.executingSeconds, 8);
  t.is(metrics.tokens.total, 185);
  await t.throwsAsync(ask(life.id, 'rival'), { instanceOf: NotFoundError });
  await t.throwsAsync(ask(newId(), 'acme'), { instanceOf: NotFoundError });
  await t.throwsAsync(ask("'; drop table sessions", 'acme'), { instanceOf: NotFoundError });
  await rig.database.query("update sessions set state = '{}' where id = $1::uuid", [life.id]);
  await t.throwsAsync(ask(life.id, 'acme'), { code: 'unreadable_session' });
});
