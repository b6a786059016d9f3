import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import { openGateways } from '../support/gateway-pair.ts';
import { startStandInProcess } from '../support/stand-in-process.ts';

/** Each clock long enough to tell it from the others. What else hangs is in the fault kit (test/faults). */
const CLOCKS = {
  OPENCODE_CONNECT_SECONDS: '3',
  OPENCODE_START_SECONDS: '3',
  OPENCODE_FIRST_TOKEN_SECONDS: '2',
  OPENCODE_SILENCE_SECONDS: '2',
  OPENCODE_TOOL_SECONDS: '2',
  OPENCODE_DOUBT_SECONDS: '2',
  OPENCODE_CALM_SECONDS: '1',
};
/** What a verdict may take beyond its clock, where other tests work beside this one; `faults` measures it. */
const SLACK_MS = 15_000;

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

test.serial('a provider that is asked again and answers then is an impairment that ends with the answer', async (t) => {
  await using scene = await begin();
  await scene.order('retry=3 ms=6000 pieces=12');
  await eventually(() => scene.owner.reported('report-recovered').length === 1, { withinMs: 20_000, what: 'recovery' });
  t.is(scene.owner.reported('report-completed').length, 0, 'it is told before the end');
  await eventually(() => scene.owner.reported('report-completed').length === 1, { withinMs: 20_000, what: 'the end' });
  t.is(scene.owner.reported('report-degraded').length, 1);
});

test.serial('a server that comes and goes degrades the session once, until it stays', async (t) => {
  await using scene = await begin({ OPENCODE_CONNECT_SECONDS: '60', OPENCODE_CALM_SECONDS: '6' });
  await scene.order('ms=40000 pieces=80');
  await eventually(async () => (await scene.running()) === 1, { what: 'the turn runs' });
  const reads = async () => (await scene.standIn.counts()).counts['read'] ?? 0;
  for (const fault of [['drop'], [], ['drop'], []]) {
    await scene.standIn.setFaults(...fault);
    const before = await reads();
    await eventually(async () => (await reads()) >= before + 6, {
      what: `readings with ${fault.join()}`,
      withinMs: 20_000,
    });
  }
  await eventually(() => scene.owner.reported('report-recovered').length === 1, { what: 'recovery', withinMs: 30_000 });
  t.deepEqual(codesOf(scene.owner.reported('report-degraded')), ['server_unreachable']);
  t.is(scene.owner.reported('report-completed').length, 0, 'the turn goes on');
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

async function begin(settings: Readonly<Record<string, string>> = {}) {
  await using stack = new AsyncDisposableStack();
  const standIn = stack.use(await startStandInProcess());
  const gateways = stack.use(await openGateways('/'));
  await gateways.start({
    servers: [{ id: 'stand-in', url: standIn.url, password: standIn.password }],
    connect: (known) => new OpencodeAgentServer({ ...known, events: { firstDelayMs: 50 } }),
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
