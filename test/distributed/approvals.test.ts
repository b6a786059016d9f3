import type { Approval, ApprovalAnswer } from '@oio/contracts';
import { eventually } from '@oio/runtime/testing';
import anyTest, { type TestFn } from 'ava';
import { startSystem, type System } from './support/system.ts';

const test = anyTest as TestFn<System>;

test.before(async (t) => {
  t.context = await startSystem();
});
test.after.always((t) => t.context?.[Symbol.asyncDispose]());

const CASES: readonly (readonly ['permission' | 'question', ApprovalAnswer, Parameters<System['kill']>[0]])[] = [
  ['permission', { action: 'allow' }, 'session-actor'],
  ['permission', { action: 'allow' }, 'opencode-gateway'],
  ['question', { action: 'answer', answers: [['B']] }, 'opencode-gateway'],
];

for (const [kind, answer, service] of CASES) {
  test.serial(`a ${kind} is answered once although the ${service} was killed since it was asked`, async (t) => {
    const asking = await ask(t.context, kind);
    const { id } = await asking.pending();
    await t.context.kill(service);
    await t.context.start(service);
    await asking.answered(id, answer);
    t.like(await asking.end(), { status: 'completed' });
    t.deepEqual(await asking.statuses(), ['answered']);
    t.is(asking.answersGiven(), 1);
    t.deepEqual(asking.prompts(), [1]);
  });
}

test.serial('an answer that is given while there is no opencode-gateway is handed over by the next one', async (t) => {
  const asking = await ask(t.context, 'permission');
  const { id } = await asking.pending();
  await t.context.kill('opencode-gateway');
  await asking.answered(id, { action: 'allow' });
  await t.context.start('opencode-gateway');
  t.like(await asking.end(), { status: 'completed' });
  t.is(asking.answersGiven(), 1);
});

test.serial('an opencode-gateway that is killed with an answer in its hands does not give it twice', async (t) => {
  const asking = await ask(t.context, 'permission');
  const { id } = await asking.pending();
  // The server takes the answer, and nobody learns of it.
  t.context.standIn().setFaults({ kind: 'hang', match: 'POST /permission/', when: 'after', times: 1 });
  await asking.answered(id, { action: 'allow' });
  await eventually(() => asking.answersGiven() === 1, { what: 'the answer', withinMs: 10_000 });
  await t.context.kill('opencode-gateway');
  await t.context.start('opencode-gateway');
  t.like(await asking.end(), { status: 'completed' });
  t.is(asking.answersGiven(), 1);
  t.deepEqual(asking.prompts(), [1]);
});

test.serial(
  'what a server forgot when it was started anew is withdrawn, and what it asks then is answered',
  async (t) => {
    const asking = await ask(t.context, 'permission');
    const forgotten = await asking.pending();
    await t.context.restartStandIn();
    const { id } = await asking.pending(({ requestId }) => requestId !== forgotten.requestId);
    // The end of the session would withdraw it too.
    await eventually(async () => (await asking.statuses()).includes('withdrawn'), { what: 'what nobody waits for' });
    await asking.answered(id, { action: 'allow' });
    t.like(await asking.end(), { status: 'completed' });
    t.deepEqual(await asking.statuses(), ['answered', 'withdrawn']);
    t.deepEqual(asking.prompts(), [1], 'the turn was resumed');
  },
);

test.serial('at its deadline the scheduler has the default given, and the turn goes on', async (t) => {
  const asking = await ask(t.context, 'permission', { approvalSeconds: 10 });
  const { deadline } = await asking.pending();
  t.like(await asking.end(), { status: 'completed' });
  const [record] = await asking.records();
  t.like(record, { status: 'expired', answer: { action: 'deny' }, answeredBy: { kind: 'deadline' } });
  const lateMs = Date.parse(record?.closedAt ?? '') - Date.parse(deadline);
  t.true(lateMs >= 0 && lateMs < 15_000, `${lateMs} ms after its deadline`);
  t.is(asking.answersGiven(), 1);
});

/** A session whose agent asks for something. */
async function ask({ client, standIn, directory }: System, kind: 'permission' | 'question', more = {}) {
  const before = standIn().calls.counts['answer'] ?? 0;
  const known = new Set(Object.keys(standIn().calls.prompts));
  const { id } = await client.createSession({
    title: 'Ask for something',
    prompt: `Ask. [[work ask=${kind}]]`,
    model: 'stand-in/m',
    directory,
    permissions: [{ tool: '*', action: 'ask' }],
    ...more,
  });
  const records = async () => (await client.listSessionApprovals({ id })).approvals;
  return {
    records,
    pending: (isMeant: (record: Approval) => boolean = () => true) =>
      eventually(async () => (await records()).find((one) => one.status === 'pending' && isMeant(one)), {
        what: 'a request that waits',
        withinMs: 40_000,
        everyMs: 50,
      }),
    answered: (approvalId: string, answer: ApprovalAnswer) => client.answerApproval({ id: approvalId }, answer),
    end: () => client.ended(id, { signal: AbortSignal.timeout(60_000) }),
    statuses: async () => (await records()).map(({ status }) => status),
    /** By all who have one for the server. */
    answersGiven: () => (standIn().calls.counts['answer'] ?? 0) - before,
    prompts: () =>
      Object.entries(standIn().calls.prompts).flatMap(([messageId, count]) => (known.has(messageId) ? [] : [count])),
  };
}
