import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { NewGraphInput, SessionDetail } from '@oio/contracts';
import { InvalidError } from '@oio/errors';
import { eventually, nodeEnvironment } from '@oio/runtime/testing';
import anyTest, { type TestFn } from 'ava';
import { API_KEY } from './support/backing.ts';
import type { ServiceProcess } from './support/service-process.ts';
import { type SmallFleet, startSmallFleet } from './support/small-fleet.ts';

const test = anyTest as TestFn<{ fleet: SmallFleet; scheduler: ServiceProcess; actors: ServiceProcess[] }>;

test.before(async (t) => {
  const fleet = await startSmallFleet(8);
  t.context.fleet = fleet;
  [t.context.scheduler, ...t.context.actors] = await Promise.all([
    fleet.start('scheduler'),
    fleet.start('session-actor'),
    fleet.start('session-actor'),
  ]);
});
test.after.always((t) => t.context.fleet?.[Symbol.asyncDispose]());

type Node = Partial<NewGraphInput['sessions'][number]> & { readonly name: string };

function graphIn({ directory }: SmallFleet, nodes: readonly Node[]): NewGraphInput {
  const rest = { model: 'stand-in/m', directory };
  return {
    sessions: nodes.map((node) => ({ title: `Do ${node.name}`, prompt: `Do ${node.name}.`, ...rest, ...node })),
  };
}

/** The ids by name. */
async function submit(fleet: SmallFleet, nodes: readonly Node[]): Promise<Record<string, string>> {
  const { sessions } = await fleet.client.createGraph(graphIn(fleet, nodes));
  return Object.fromEntries(sessions.map(({ name, id }) => [name, id]));
}

const OIO = join(import.meta.dirname, '..', '..', 'services', 'cli', 'src', 'main.ts');
const FAILS = 'Fail. [[work status=401]]';
const POLICIES: readonly Node[] = [
  { name: 'plan', prompt: 'Plan. [[work bytes=12]]' },
  { name: 'broken', prompt: FAILS },
  { name: 'code', dependsOn: [{ session: 'plan' }], prompt: 'Code this: {{deps.plan.result}}' },
  { name: 'strict', dependsOn: [{ session: 'plan' }, { session: 'broken' }] },
  { name: 'skipped', dependsOn: [{ session: 'broken' }], onDependencyFailure: 'skip' },
  {
    name: 'lenient',
    dependsOn: [{ session: 'broken' }, { session: 'code' }],
    onDependencyFailure: 'continue',
    prompt: 'Go on with {{deps.broken.result}} and {{deps.code.result}}',
  },
  { name: 'anyhow', dependsOn: [{ session: 'broken', on: 'finished' }] },
  {
    name: 'behind',
    dependsOn: [
      { session: 'strict', on: 'finished' },
      { session: 'skipped', on: 'finished' },
    ],
  },
];

test.serial(
  'a graph runs in its order, each result goes into the prompts that ask for it, and each policy holds',
  async (t) => {
    const { fleet } = t.context;
    const ended = await endsOf(fleet, await submit(fleet, POLICIES));
    t.deepEqual(
      [...ended].map(([name, { status, failure }]) => [name, failure?.code ?? status]),
      [
        ['plan', 'completed'],
        ['broken', 'provider_auth'],
        ['code', 'completed'],
        ['strict', 'dependency_failed'],
        ['skipped', 'dependency_failed'],
        ['lenient', 'completed'],
        ['anyhow', 'completed'],
        ['behind', 'completed'],
      ],
    );
    const of = (name: string) => ended.get(name) as SessionDetail;
    t.deepEqual([of('strict').status, of('strict').attempt, of('skipped').status], ['failed', null, 'cancelled']);
    const [plan, code] = [resultOf(of('plan')), resultOf(of('code'))];
    t.is(plan.length, 12);
    t.deepEqual(await fleet.promptsOf(of('code').id), [`Code this: ${plan}`]);
    t.deepEqual(await fleet.promptsOf(of('lenient').id), [`Go on with (no result: it is failed) and ${code}`]);
    t.true(String(of('code').metrics.startedAt) >= String(of('plan').metrics.completedAt));
    t.true(String(of('lenient').metrics.startedAt) >= of('broken').statusUpdatedAt);
  },
);

test.serial('`oio graph` submits a graph and `oio why` names what one of it waits for', async (t) => {
  const { fleet } = t.context;
  const file = join(fleet.directory, '..', 'graph.json');
  const nodes = [
    { name: 'slow', prompt: 'Be slow. [[work ms=60000]]' },
    { name: 'next', dependsOn: [{ session: 'slow' }] },
  ];
  await writeFile(file, JSON.stringify(graphIn(fleet, nodes)));
  const lines = (await oio(fleet, 'graph', file)).trim().split('\n');
  t.deepEqual(
    lines.map((line) => line.split(/\s+/).slice(1)),
    [
      ['queued', 'slow'],
      ['pending', 'next'],
    ],
  );
  const [slow, next] = lines.map((line) => line.split(' ')[0] ?? '') as [string, string];
  await eventually(async () => (await fleet.client.getSession({ id: slow })).status === 'running', { everyMs: 20 });
  t.regex(await oio(fleet, 'why', next), new RegExp(`it depends on ${slow} \\(running\\)\nposition  none yet`));
  await fleet.client.stopSession({ id: slow }, {});
  t.is((await fleet.client.ended(next)).failure?.code, 'dependency_failed');
});

test.serial('a graph of which one session cannot be accepted leaves nothing behind', async (t) => {
  const { fleet } = t.context;
  const before = (await fleet.client.listSessions({})).sessions.length;
  const nodes: Node[] = [
    { name: 'a', dependsOn: [{ session: 'b' }] },
    { name: 'b', dependsOn: [{ session: 'a' }] },
    { name: 'b' },
    { name: 'c', dependsOn: [{ session: 'nobody' }] },
  ];
  const error = await t.throwsAsync(submit(fleet, nodes), { instanceOf: InvalidError });
  t.deepEqual(
    error.violations.map(({ field, code }) => [field, code]),
    [
      ['sessions.2.name', 'duplicate'],
      ['sessions.0.dependsOn', 'cycle'],
      ['sessions.1.dependsOn', 'cycle'],
      ['sessions.3.dependsOn.0.session', 'not_found'],
    ],
  );
  const place = [{ name: 'here' }, { name: 'nowhere', directory: '/nowhere', dependsOn: [{ session: 'here' }] }];
  const other = await t.throwsAsync(submit(fleet, place), { instanceOf: InvalidError });
  t.is(other.violations[0]?.field, 'sessions.1.directory');
  t.is((await fleet.client.listSessions({})).sessions.length, before);
});

test.serial(
  'a scheduler killed between the end of one and the release of the other: the next releases it, once',
  async (t) => {
    const { fleet, scheduler } = t.context;
    const { plan, code } = await submitHeld(fleet, scheduler);
    scheduler.signal('SIGKILL');
    await scheduler.ended();
    t.context.scheduler = await fleet.start('scheduler');
    await releasedOnce(t, fleet, { plan, code });
  },
);

test.serial(
  'the owners killed between the end of one and the release of the other: another releases it, once',
  async (t) => {
    const { fleet, scheduler, actors } = t.context;
    const { plan, code } = await submitHeld(fleet, scheduler);
    for (const actor of actors) actor.signal('SIGKILL');
    await Promise.all(actors.map((actor) => actor.ended()));
    t.context.actors = [await fleet.start('session-actor')];
    scheduler.signal('SIGCONT');
    await releasedOnce(t, fleet, { plan, code });
  },
);

async function endsOf({ client }: SmallFleet, ids: Record<string, string>): Promise<Map<string, SessionDetail>> {
  const ends = Object.entries(ids).map(async ([name, id]) => [name, await client.ended(id)] as const);
  return new Map(await Promise.all(ends));
}

function resultOf({ metrics }: SessionDetail): string {
  return (metrics.result as { readonly text: string }).text;
}

/** A session that has ended, and one that depends on it and is not released, because the scheduler is frozen. */
async function submitHeld(fleet: SmallFleet, scheduler: ServiceProcess): Promise<{ plan: string; code: string }> {
  const ids = await submit(fleet, [
    { name: 'plan', prompt: 'Plan. [[work ms=1500]]' },
    { name: 'code', dependsOn: [{ session: 'plan' }], prompt: 'Code: {{deps.plan.result}}' },
  ]);
  const [plan, code] = [ids['plan'] ?? '', ids['code'] ?? ''];
  const has = (status: string) => async () => (await fleet.client.getSession({ id: plan })).status === status;
  await eventually(has('running'), { everyMs: 10 });
  scheduler.signal('SIGSTOP');
  await eventually(has('completed'), { everyMs: 20 });
  return { plan, code };
}

async function releasedOnce(
  t: { is: (actual: unknown, expected: unknown) => void },
  fleet: SmallFleet,
  { plan, code }: { plan: string; code: string },
): Promise<void> {
  const { status, attempt } = await fleet.client.ended(code);
  t.is(status, 'completed');
  const { events } = await fleet.client.getHistory({ id: code });
  t.is(events.filter(({ type }) => type === 'session.dependencies-settled').length, 1);
  t.is(fleet.standIn.calls.prompts[attempt?.messageId ?? ''], 1);
  t.is((await fleet.promptsOf(code)).length, 1);
  t.is((await fleet.client.getSession({ id: plan })).status, 'completed');
}

/** What the terminal shows. */
async function oio({ url }: SmallFleet, ...args: string[]): Promise<string> {
  const environment = { ...nodeEnvironment(), OIO_URL: url, OIO_API_KEY: API_KEY };
  const { stdout } = await promisify(execFile)(process.execPath, [OIO, ...args], { env: environment });
  return stdout;
}
