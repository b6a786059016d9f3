import type { Approval, PermissionRule } from '@oio/contracts';
import { eventually } from '@oio/runtime/testing';
import { openGateways } from '../support/gateway-pair.ts';
import { type SharedServer, test } from './shared-server.ts';

/** What agents of the real binary ask comes as it does on the stand-in (gateways/approvals.test.ts), and its own habits are met. */
const ask = (tool: string): PermissionRule => ({ tool, pattern: '*', action: 'ask' });

test.serial('a shell that is asked for runs when it is allowed', async (t) => {
  await using scene = await ordered(t.context, 'bash echo asked', [ask('bash')]);
  const [record] = await scene.asked(1);
  t.like(record, {
    kind: 'permission',
    tool: 'bash',
    command: 'echo asked',
    patterns: ['echo asked'],
    fromSubSession: false,
  });
  t.false(scene.toolsOffered().includes('task'), 'no sub-agent that would not ask');
  await scene.owner.approvals.answer(record, { action: 'allow' });
  t.is(await scene.end(), 'done');
  t.regex(scene.told(), /asked/);
});

test.serial(
  'what one session was allowed another one asks for again; denied with a message it is not run, and the agent goes on',
  async (t) => {
    await using scene = await ordered(t.context, 'bash echo asked', [ask('bash')]);
    const [record] = await scene.asked(1);
    await scene.owner.approvals.answer(record, { action: 'deny', message: 'Not on a Friday.' });
    t.is(await scene.end(), 'done');
    t.regex(scene.told(), /Not on a Friday\./);
  },
);

test.serial('of two shells that are asked for at once one is denied and the other runs', async (t) => {
  await using scene = await ordered(t.context, 'both echo first | echo second', [ask('bash')]);
  const records = await scene.asked(2);
  const [first, second] = ['echo first', 'echo second'].map((command) =>
    records.find((one) => one.command === command),
  );
  if (!first || !second) return t.fail('both are asked for');
  await scene.owner.approvals.answer(first, { action: 'deny', message: 'Not the first.' });
  // OpenCode would refuse the second one with the first.
  await scene.owner.approvals.answer(second, { action: 'allow' });
  t.is(await scene.end(), 'done');
  t.regex(scene.told(), /Not the first\.[^]*second|second[^]*Not the first\./);
  t.notRegex(scene.told(), /rejected permission to use this specific tool call\./);
});

test.serial('a question of the agent gets its answer', async (t) => {
  await using scene = await ordered(t.context, 'ask Which one?', [ask('question')]);
  const [record] = await scene.asked(1);
  t.like(record.questions[0], { question: 'Which one?', header: 'Choice', multiple: false });
  t.deepEqual(
    record.questions[0]?.options.map(({ label }) => label),
    ['A', 'B'],
  );
  await scene.owner.approvals.answer(record, { action: 'answer', answers: [['neither, take C']] });
  t.is(await scene.end(), 'done');
  t.regex(scene.told(), /neither, take C/);
});

test.serial('a sub-agent that wants to leave the workspace asks as well', async (t) => {
  await using scene = await ordered(t.context, 'task bash cat /etc/hostname', [ask('external_directory')]);
  const [record] = await scene.asked(1);
  t.like(record, { tool: 'external_directory', fromSubSession: true });
  await scene.owner.approvals.answer(record, { action: 'deny', message: 'Stay inside.' });
  t.is(await scene.end(), 'done');
  t.regex(scene.told(), /Stay inside\./);
});

test.serial('without rules the workspace is not left, and nobody is asked', async (t) => {
  await using scene = await ordered(t.context, 'bash cat /etc/hostname', []);
  t.is(await scene.end(), 'done');
  t.deepEqual(await scene.owner.approvals.all(), []);
  t.false(scene.toolsOffered().includes('question'));
});

/** A session that is given the order, with these rules, on a gateway of its own. */
async function ordered({ server, model, directory }: SharedServer, prompt: string, permissions: PermissionRule[]) {
  const gateways = await openGateways(directory);
  await gateways.start({ servers: [server] });
  const { owner } = gateways;
  owner.permissions = permissions;
  owner.approvals.ruling = () => null;
  const before = model.requests.length;
  await owner.order(server.id, prompt);
  const since = () => model.requests.slice(before);
  return {
    owner,
    asked: async (count: number) => {
      const all = async () => ((await owner.approvals.all()).length === count ? owner.approvals.all() : null);
      return (await eventually(all, { what: 'the requests', withinMs: 60_000 })) as [Approval, ...Approval[]];
    },
    /** The text that the turn ends with. */
    end: async () => {
      const ended = () => owner.reported('report-completed')[0] ?? owner.reported('report-failed')[0] ?? null;
      const report = await eventually(ended, { what: 'the end', withinMs: 60_000 });
      return (report.payload as { result?: { text: string } }).result?.text ?? JSON.stringify(report.payload);
    },
    /** What the tools have told the model. */
    told: () => JSON.stringify(since().flatMap(({ messages }) => messages.filter(({ role }) => role === 'tool'))),
    toolsOffered: () => since().flatMap(({ tools = [] }) => tools.map((tool) => tool.function.name)),
    [Symbol.asyncDispose]: () => gateways[Symbol.asyncDispose](),
  };
}
