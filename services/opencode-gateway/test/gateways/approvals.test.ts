import type { Approval, ApprovalAnswer } from '@oio/contracts';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import { openGateways } from '../support/gateway-pair.ts';
import { startStandInProcess } from '../support/stand-in-process.ts';

/** Shorter than anybody takes to answer. */
const CLOCKS = { OPENCODE_TOOL_SECONDS: '1', OPENCODE_FIRST_TOKEN_SECONDS: '2', OPENCODE_DOUBT_SECONDS: '1' };

for (const [what, directive, answer, status] of [
  ['allowed', 'ask=permission', { action: 'allow' }, 'answered'],
  ['denied with a reason', 'ask=permission', { action: 'deny', message: 'no' }, 'answered'],
  ['given its default', 'ask=permission', { action: 'deny', message: 'late' }, 'expired'],
  ['answered', 'ask=question', { action: 'answer', answers: [['B']] }, 'answered'],
  ['denied with a message in place of an answer', 'ask=question', { action: 'deny', message: 'no' }, 'answered'],
] as [string, string, ApprovalAnswer, Approval['status']][]) {
  test.serial(`a turn that waits for a person goes on when what it asked is ${what}`, async (t) => {
    await using scene = await begin();
    await scene.start();
    await scene.order(directive);
    await scene.owner.approvals.answer((await scene.asked()).record, answer, status);
    await scene.completed();
    t.is(await scene.answers(), 1);
    t.is(await scene.prompts(), 1);
  });
}

test.serial('no clock strikes while a turn waits for a person', async (t) => {
  await using scene = await begin();
  await scene.start();
  await scene.order('ask=permission');
  const { record, atMs } = await scene.asked();
  await eventually(() => performance.now() - atMs > 4_000, { withinMs: 10_000, what: 'twice the longest clock' });
  t.deepEqual([...scene.owner.reported('report-failed'), ...scene.owner.reported('report-degraded')], []);
  await scene.owner.approvals.answer(record, { action: 'allow' });
  await scene.completed();
});

test.serial('a question that is denied without a word ends the turn by its own reason', async (t) => {
  await using scene = await begin();
  await scene.start();
  await scene.order('ask=question');
  await scene.owner.approvals.answer((await scene.asked()).record, { action: 'deny' });
  const [report] = await eventually(() => atLeastOne(scene.owner.reported('report-failed')), { what: 'the failure' });
  t.like(report?.payload, { failure: { code: 'question_unanswered' } });
});

test.serial('what a sub-session asks is told as such, and answered like anything else', async (t) => {
  await using scene = await begin();
  await scene.start();
  await scene.order('ms=6000 pieces=60 children=1 childask=permission');
  const { record } = await scene.asked();
  t.true(record.fromSubSession);
  await scene.owner.approvals.answer(record, { action: 'allow' });
  await eventually(async () => (await scene.answers()) === 1, { what: 'the answer', withinMs: 5_000 });
});

for (const [what, before] of [
  ['before', true],
  ['after', false],
] as const) {
  test.serial(`an answer that comes ${what} another gateway has adopted the turn is given by it, once`, async (t) => {
    await using scene = await begin();
    const first = await scene.start();
    await scene.order('ask=permission');
    const { record } = await scene.asked();
    await first[Symbol.asyncDispose]();
    if (before) await scene.owner.approvals.answer(record, { action: 'allow' });
    await scene.start();
    await eventually(() => scene.order('ask=permission', 2).catch(() => null), { what: 'the order is taken' });
    if (!before) await scene.owner.approvals.answer(record, { action: 'allow' });
    await scene.completed();
    t.is((await scene.owner.approvals.all()).length, 1, 'it is the same record');
    t.is(await scene.answers(), 1);
    t.is(await scene.prompts(), 1);
  });
}

test.serial('what somebody else has answered on the server is withdrawn', async (t) => {
  await using scene = await begin();
  await scene.start();
  await scene.order('ask=permission');
  const { record } = await scene.asked();
  await using other = new OpencodeAgentServer(scene.standIn);
  t.true(await other.replyPermission({ requestId: record.requestId, directory: '/', reply: 'once' }));
  await scene.completed();
  const reports = scene.owner.reported('report-approval-gone');
  const [kept] = await scene.owner.approvals.all();
  // The end of the session withdraws it as well, if it comes first.
  t.true(kept?.status === 'withdrawn' || reports.length === 0);
});

test.serial('a request that no event tells of is found all the same', async (t) => {
  await using scene = await begin();
  await scene.start({ OPENCODE_TOOL_SECONDS: '60' });
  await scene.standIn.setFaults('silent_events');
  await scene.order('ask=permission');
  const { record } = await scene.asked(25_000);
  await scene.owner.approvals.answer(record, { action: 'allow' });
  await t.notThrowsAsync(scene.completed());
});

async function begin() {
  await using stack = new AsyncDisposableStack();
  const standIn = stack.use(await startStandInProcess());
  const gateways = stack.use(await openGateways('/'));
  const { owner } = gateways;
  owner.approvals.ruling = () => null;
  const owned = stack.move();
  return {
    standIn,
    owner,
    start: (settings: Readonly<Record<string, string>> = {}) =>
      gateways.start({
        servers: [{ id: 'stand-in', url: standIn.url, password: standIn.password }],
        connect: (known) => new OpencodeAgentServer({ ...known, events: { firstDelayMs: 50 } }),
        settings: { ...CLOCKS, ...settings },
      }),
    order: (directive: string, number?: number) =>
      owner.order('stand-in', `[[work ${directive}]]`, number === undefined ? {} : { number }),
    async asked(withinMs = 10_000): Promise<{ readonly record: Approval; readonly atMs: number }> {
      const [record] = await eventually(async () => atLeastOne(await owner.approvals.all()), {
        what: 'the request is recorded',
        withinMs,
      });
      if (!record) throw new Error('Nothing was asked.');
      return { record, atMs: performance.now() };
    },
    completed: () =>
      eventually(() => owner.reported('report-completed').length === 1, { what: 'the end', withinMs: 20_000 }),
    answers: async () => (await standIn.counts()).counts['answer'] ?? 0,
    prompts: async () => Math.max(...Object.values((await standIn.counts()).prompts)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function atLeastOne<T>(list: readonly T[]): readonly T[] | null {
  return list.length > 0 ? list : null;
}
