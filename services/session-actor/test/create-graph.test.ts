import { createGraph, type NewGraph, newGraph } from '@oio/contracts';
import { emptyResumePoint } from '@oio/domain';
import { InvalidError } from '@oio/errors';
import { newId } from '@oio/runtime';
import test from 'ava';
import { client, World } from './support/world.ts';

const world = await World.open();
const actor = await world.startActor();
test.after.always(() => world[Symbol.asyncDispose]());

type Node = Partial<NewGraph['sessions'][number]> & { readonly name: string };

function graphOf(nodes: readonly Node[]) {
  return newGraph.parse({ sessions: nodes.map((node) => ({ title: 'Add a parser', prompt: 'Add it.', ...node })) });
}

function submit(nodes: readonly Node[], envelope = client(newId())) {
  return world.bus.request(createGraph, graphOf(nodes), envelope);
}

const after = (...sessions: string[]) => sessions.map((session) => ({ session, on: 'succeeded' as const }));

async function countSessions(): Promise<number> {
  const [row] = await world.database.query<{ count: number }>('select count(*)::int as count from sessions');
  return row?.count ?? 0;
}

const resume = emptyResumePoint();

const CHAIN: readonly Node[] = [
  { name: 'last', dependsOn: after('plan', 'code'), prompt: 'Join {{deps.plan.result}} and {{deps.code.result}}' },
  { name: 'plan' },
  { name: 'code', dependsOn: after('plan') },
];

test.serial('a graph is accepted as a whole: what depends on nothing is queued, the rest stays pending', async (t) => {
  const { sessions, outcome } = await submit(CHAIN);
  t.is(outcome, 'applied');
  t.deepEqual(
    sessions.map(({ name, status }) => [name, status]),
    [
      ['last', 'pending'],
      ['plan', 'queued'],
      ['code', 'pending'],
    ],
  );
  const [last, plan, code] = sessions.map(({ id }) => id) as [string, string, string];
  t.deepEqual((await world.stored(last))?.snapshot?.session.dependsOn, [
    { session: plan, on: 'succeeded', name: 'plan' },
    { session: code, on: 'succeeded', name: 'code' },
  ]);
});

test.serial('the same order again is the same graph, also when many come at once', async (t) => {
  const envelope = client(newId());
  const before = await countSessions();
  const replies = await Promise.all(Array.from({ length: 10 }, () => submit(CHAIN, envelope)));
  t.is(await countSessions(), before + 3);
  t.is(replies.filter(({ outcome }) => outcome === 'applied').length, 1);
  t.is(new Set(replies.map(({ sessions }) => sessions.map(({ id }) => id).join())).size, 1);
});

test.serial(
  'a graph whose commit was not answered is there as a whole, and one whose commit did not come through is committed again',
  async (t) => {
    const before = await countSessions();
    const [envelope, large] = [client(newId()), Array.from({ length: 200 }, (_, index) => ({ name: `n${index}` }))];
    // The database has committed it, and the answer is lost.
    actor.database.loseAnswersOfCommits(1);
    const reply = await submit(large, envelope);
    t.is(reply.sessions.length, 200);
    t.is(await countSessions(), before + 200);
    t.is((await submit(large, envelope)).outcome, 'repeated');
    actor.database.loseCommits(4);
    t.is((await submit(CHAIN)).sessions.length, 3);
    t.is(await countSessions(), before + 203);
  },
);

test.serial('another graph under the same ids, or for another tenant, shares no session with it', async (t) => {
  const envelope = client(newId());
  await submit([{ name: 'a' }], envelope);
  const before = await countSessions();
  for (const tenant of ['acme', 'umbrella'])
    t.is((await submit([{ name: 'b' }, { name: 'c' }], { ...envelope, tenant })).outcome, 'applied');
  t.is(await countSessions(), before + 4);
});

for (const [what, nodes, expected] of [
  [
    'a cycle',
    [{ name: 'a', dependsOn: after('b') }, { name: 'b', dependsOn: after('a') }, { name: 'c' }],
    [
      ['sessions.0.dependsOn', 'cycle'],
      ['sessions.1.dependsOn', 'cycle'],
    ],
  ],
  [
    'what is only behind a cycle',
    [
      { name: 'a', dependsOn: after('b') },
      { name: 'b', dependsOn: after('b') },
    ],
    [['sessions.1.dependsOn', 'cycle']],
  ],
  [
    'a result that nothing is to give',
    [{ name: 'a', prompt: 'Do {{deps.b.result}}' }, { name: 'b' }],
    [['sessions.0.prompt', 'unknown_placeholder']],
  ],
  ['a session that depends on itself', [{ name: 'a', dependsOn: after('a') }], [['sessions.0.dependsOn', 'cycle']]],
  ['an unknown name', [{ name: 'a', dependsOn: after('b') }], [['sessions.0.dependsOn.0.session', 'not_found']]],
  [
    'an unknown id',
    [{ name: 'a' }, { name: 'b', dependsOn: after(newId()) }],
    [['sessions.1.dependsOn.0.session', 'not_found']],
  ],
  ['one name twice', [{ name: 'a' }, { name: 'a' }], [['sessions.1.name', 'duplicate']]],
] as const) {
  test.serial(`a graph with ${what} is refused by name, and nothing of it is stored`, async (t) => {
    const before = await countSessions();
    const error = await t.throwsAsync(submit(nodes as never), { instanceOf: InvalidError });
    t.deepEqual(
      error.violations.map(({ field, code }) => [field, code]),
      expected as never,
    );
    t.is(await countSessions(), before);
  });
}

test.serial('a cycle is told by the way that it takes, and a long one by its beginning', async (t) => {
  const circle = (length: number) =>
    Array.from({ length }, (_, index) => ({ name: `s${index}`, dependsOn: after(`s${(index + 1) % length}`) }));
  const told = async (length: number) =>
    (await t.throwsAsync(submit(circle(length)), { instanceOf: InvalidError })).violations[1]?.message;
  t.is(await told(3), 's1 depends on itself: s1 → s2 → s0 → s1.');
  t.is(
    await told(100),
    `s1 depends on itself: s1 → ${[2, 3, 4, 5, 6, 7, 8, 9].map((at) => `s${at}`).join(' → ')} → … → s1.`,
  );
});

test.serial('a session of another tenant cannot be depended on, just as one that does not exist', async (t) => {
  const foreign = (await world.create({}, { tenant: 'umbrella' })).sessionId;
  for (const session of [foreign, newId()]) {
    const error = await t.throwsAsync(world.create({ dependsOn: [{ session }] }), { instanceOf: InvalidError });
    t.like(error.violations[0], {
      field: 'dependsOn.0.session',
      code: 'not_found',
      message: `There is no session ${session} to depend on.`,
    });
  }
});

test.serial('the result of one is in the prompt that the attempt of the other sends', async (t) => {
  const { sessionId: plan } = await world.create();
  const { sessionId: build } = await world.create({
    dependsOn: [{ session: plan, name: 'plan' }],
    prompt: 'Build: {{deps.plan.result}}',
  });
  t.is((await world.send(build, 'settle-dependencies', {})).outcome, 'stale');
  await world.send(plan, 'dispatch', { serverId: 'server-1', schedulerEpoch: 1 });
  const report = { token: '1.1', steps: [], resume, result: { text: 'A wall.' }, commit: null };
  t.is((await world.send(plan, 'report-completed', report as never)).status, 'completed');
  t.like(await world.send(build, 'settle-dependencies', {}), { outcome: 'applied', status: 'queued' });
  t.is((await world.stored(build))?.snapshot?.handedOn?.prompt, 'Build: A wall.');
});
