import type { FailureCode } from '@oio/domain';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import type { AgentServer } from '../../src/ports.ts';
import { openGateways } from '../support/gateway-pair.ts';
import { startStandInProcess } from '../support/stand-in-process.ts';

/** Each clock long enough to tell it from the others, and a turn that is cut by none of them. */
const CLOCKS = {
  OPENCODE_CONNECT_SECONDS: '3',
  OPENCODE_START_SECONDS: '3',
  OPENCODE_FIRST_TOKEN_SECONDS: '2',
  OPENCODE_SILENCE_SECONDS: '2',
  OPENCODE_TOOL_SECONDS: '2',
  OPENCODE_DOUBT_SECONDS: '2',
  OPENCODE_CALM_SECONDS: '1',
};
/** What a verdict may take beyond its clock. */
const SLACK_MS = 2_000;

interface Hanging {
  readonly directive: string;
  readonly code: FailureCode;
  /** The clock that ends it. */
  readonly clockMs: number;
  readonly settings?: Readonly<Record<string, string>>;
}

const hangs = test.macro(async (t, { directive, code, clockMs, settings }: Hanging) => {
  await using scene = await begin(settings);
  const beganAtMs = performance.now();
  await scene.order(directive);
  const { failure, mayStillRun } = await scene.failed();
  const tookMs = performance.now() - beganAtMs;
  t.is(failure.code, code, failure.message);
  t.true(tookMs >= clockMs - 100, `not before its clock: ${tookMs} ms`);
  t.true(tookMs < clockMs + SLACK_MS, `within its clock and two seconds: ${tookMs} ms`);
  t.false(mayStillRun ?? false);
  t.is(await scene.running(), 0, 'nothing works any more');
});

test.serial('a model that never begins', hangs, { directive: 'hang', code: 'no_first_token', clockMs: 2_000 });
test.serial('a model that stops in mid-answer', hangs, {
  directive: 'hang=tokens',
  code: 'tokens_stalled',
  clockMs: 2_000,
});
test.serial('a tool that never ends', hangs, { directive: 'hang=tool', code: 'tool_stalled', clockMs: 2_000 });
test.serial('a sub-session that hangs', hangs, {
  directive: 'hang=tool children=1',
  code: 'tool_stalled',
  clockMs: 2_000,
});
test.serial('a turn without end that is never silent', hangs, {
  directive: 'ms=60000 pieces=600',
  code: 'turn_too_long',
  clockMs: 3_000,
  settings: { OPENCODE_TURN_SECONDS: '3' },
});
test.serial('a provider that wants an hour', hangs, {
  directive: 'wait=3600',
  code: 'retry_wait_too_long',
  clockMs: 0,
});
test.serial('empty answers without end', hangs, { directive: 'finish=unknown', code: 'empty_answers', clockMs: 0 });
test.serial('a truncated answer', hangs, { directive: 'finish=length', code: 'output_truncated', clockMs: 0 });
test.serial('a prompt that is accepted and forgotten', hangs, {
  directive: 'ignored=lost',
  code: 'prompt_rejected',
  clockMs: 3_000,
});
test.serial('a prompt that is stored and never run', hangs, {
  directive: 'ignored=asleep',
  code: 'prompt_rejected',
  clockMs: 3_000,
});
test.serial('a question that nobody answers', hangs, {
  directive: 'ask=question',
  code: 'question_unanswered',
  clockMs: 0,
});
test.serial('a turn with steps without end', hangs, {
  directive: 'steps=50',
  code: 'too_many_steps',
  clockMs: 0,
  settings: { OPENCODE_MAX_STEPS: '4' },
});

test.serial('an agent that the server no longer knows, which is told by an event alone', async (t) => {
  await using scene = await begin({}, (agent) => {
    const prompt = agent.prompt.bind(agent);
    Object.defineProperty(agent, 'prompt', {
      value: (given: Parameters<AgentServer['prompt']>[0]) => prompt({ ...given, agent: 'nobody' }),
    });
    return agent;
  });
  await scene.order('');
  t.is((await scene.failed()).failure.code, 'agent_not_found');
});

test.serial('a permission that somebody rejects without a word', async (t) => {
  await using scene = await begin({}, (agent) => {
    const reply = agent.replyPermission.bind(agent);
    Object.defineProperty(agent, 'replyPermission', {
      value: ({ requestId, directory }: Parameters<AgentServer['replyPermission']>[0]) =>
        reply({ requestId, directory, reply: 'reject' }),
    });
    return agent;
  });
  await scene.order('ask=permission');
  t.is((await scene.failed()).failure.code, 'permission_rejected');
});

for (const [what, directive] of [
  ['speaks slowly', 'ms=6000 pieces=6'],
  ['takes long steps', 'ms=7500 steps=5'],
  ['waits for a slow sub-session', 'ms=6000 steps=2 children=1 pieces=6'],
  ['has its provider asked again', 'retry=5 wait=3 ms=1500'],
] as const) {
  test.serial(`a turn that ${what} lives through all clocks`, async (t) => {
    await using scene = await begin();
    await scene.order(directive);
    await eventually(() => scene.owner.reported('report-completed').length === 1, { withinMs: 20_000, what });
    t.is(scene.owner.reported('report-failed').length, 0);
    t.is(Math.max(...Object.values((await scene.standIn.counts()).prompts)), 1);
  });
}

test.serial('a silent turn whose events cannot be heard is in doubt first, and ends when that lasts', async (t) => {
  await using scene = await begin();
  await scene.order('hang=tokens');
  await eventually(async () => (await scene.running()) === 1, { what: 'the turn runs' });
  await scene.standIn.setFaults('cut_events');
  const degraded = await eventually(() => codesOf(scene.owner.reported('report-degraded')).at(-1), {
    what: 'doubt',
    withinMs: 10_000,
  });
  t.is(degraded, 'liveness_unknown');
  t.is((await scene.failed()).failure.code, 'no_progress');
});

test.serial('a turn that is heard again after a doubt is well, and completes', async (t) => {
  await using scene = await begin({ OPENCODE_DOUBT_SECONDS: '60' });
  await scene.order('ms=8000 pieces=80');
  await eventually(async () => (await scene.running()) === 1, { what: 'the turn runs' });
  await scene.standIn.setFaults('cut_events');
  await eventually(() => codesOf(scene.owner.reported('report-degraded')).includes('liveness_unknown'), {
    what: 'doubt',
    withinMs: 10_000,
  });
  await scene.standIn.setFaults();
  await eventually(() => scene.owner.reported('report-recovered').length > 0, { what: 'recovery', withinMs: 20_000 });
  await eventually(() => scene.owner.reported('report-completed').length === 1, { what: 'the end', withinMs: 20_000 });
  t.is(scene.owner.reported('report-failed').length, 0);
});

test.serial('a provider that is asked again degrades the session by its own reason, and back', async (t) => {
  await using scene = await begin();
  await scene.order('wait=2');
  await eventually(() => scene.owner.reported('report-completed').length === 1, { withinMs: 20_000, what: 'the end' });
  t.deepEqual(codesOf(scene.owner.reported('report-degraded')), ['rate_limited']);
});

test.serial(
  'a server that no longer answers is out of reach when its clock is over, and nothing is claimed of the turn',
  async (t) => {
    await using scene = await begin();
    await scene.order('hang=tokens');
    await eventually(async () => (await scene.running()) === 1, { what: 'the turn runs' });
    const beganAtMs = performance.now();
    await scene.standIn.setFaults('hang');
    const { failure, mayStillRun } = await scene.failed();
    t.is(failure.code, 'server_unreachable');
    t.true(mayStillRun);
    t.true(performance.now() - beganAtMs < 3_000 + 5_000 + SLACK_MS);
  },
);

function codesOf(reports: readonly { readonly payload: unknown }[]): string[] {
  return reports.map(({ payload }) => (payload as { failure: { code: string } }).failure.code);
}

async function begin(settings: Readonly<Record<string, string>> = {}, change = (agent: AgentServer) => agent) {
  await using stack = new AsyncDisposableStack();
  const standIn = stack.use(await startStandInProcess());
  const gateways = stack.use(await openGateways('/'));
  await gateways.start({
    servers: [{ id: 'stand-in', url: standIn.url, password: standIn.password }],
    connect: (known) => change(new OpencodeAgentServer({ ...known, events: { firstDelayMs: 50 } })),
    settings: { ...CLOCKS, ...settings },
  });
  const { owner } = gateways;
  const owned = stack.move();
  return {
    standIn,
    running: async () => (await standIn.counts()).turns.running,
    owner,
    order: (directive: string) => owner.order('stand-in', `[[work ${directive}]]`),
    async failed() {
      const [report] = await eventually(
        () => (owner.reported('report-failed').length > 0 ? owner.reported('report-failed') : null),
        { what: 'the failure', withinMs: 30_000 },
      );
      return report?.payload as { failure: { code: string; message: string }; mayStillRun?: boolean };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
