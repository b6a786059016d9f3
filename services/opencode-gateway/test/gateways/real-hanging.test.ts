import type { FailureCode } from '@oio/domain';
import { eventually } from '@oio/runtime/testing';
import anyTest, { type TestFn } from 'ava';
import type { FakeOwner } from '../support/fake-owner.ts';
import { openGateways } from '../support/gateway-pair.ts';
import { startObedientModel } from '../support/obedient-model.ts';
import { makePlace, optionsFor, startRealServer } from '../support/real-server.ts';

/** What hangs on the real binary ends as it does on the stand-in (hanging.test.ts). */
const CLOCKS = {
  OPENCODE_FIRST_TOKEN_SECONDS: '8',
  OPENCODE_SILENCE_SECONDS: '3',
  OPENCODE_TOOL_SECONDS: '3',
};

const test = anyTest as TestFn<Awaited<ReturnType<typeof begin>>>;

test.before(async (t) => {
  t.context = await begin();
});

test.after.always((t) => t.context[Symbol.asyncDispose]());

interface Hanging {
  readonly prompt: string;
  readonly code: FailureCode;
  readonly retryAfterMs?: number;
}

const ends = test.macro(async (t, { prompt, code, retryAfterMs = 0 }: Hanging) => {
  const { server, agent, directory } = t.context;
  await using gateways = await openGateways(directory);
  await gateways.start({ servers: [server], settings: CLOCKS });
  const { owner } = gateways;
  await owner.order(server.id, prompt);
  const [report] = await eventually(
    () => (owner.reported('report-failed').length > 0 ? owner.reported('report-failed') : null),
    { what: 'the failure', withinMs: 60_000 },
  );
  const failed = report?.payload as { failure: { code: string; message: string }; retryAfterMs: number | null };
  t.is(failed.failure.code, code, failed.failure.message);
  t.true((failed.retryAfterMs ?? 0) >= retryAfterMs * 0.9, `${failed.retryAfterMs}`);
  t.is((await agent.activities(directory)).size, 0, 'nothing works any more');
});

test.serial('a model that never begins', ends, { prompt: 'silent', code: 'no_first_token' });
test.serial('a model that stops in mid-answer', ends, { prompt: 'hold thinking', code: 'tokens_stalled' });
test.serial('a tool that never ends', ends, { prompt: 'bash sleep 600', code: 'tool_stalled' });
test.serial('empty answers without end', ends, { prompt: 'empty', code: 'empty_answers' });
test.serial('a truncated answer', ends, { prompt: 'finish length', code: 'output_truncated' });
test.serial('a provider that wants an hour', ends, {
  prompt: 'later 3600',
  code: 'retry_wait_too_long',
  retryAfterMs: 3_600_000,
});

for (const [status, code] of [
  [429, 'rate_limited'],
  [500, 'provider_unavailable'],
] as const) {
  test.serial(`a provider that answers ${status} twice degrades the session, once, and back`, async (t) => {
    const { server, directory } = t.context;
    await using gateways = await openGateways(directory);
    await gateways.start({ servers: [server], settings: { ...CLOCKS, OPENCODE_CALM_SECONDS: '1' } });
    const { owner } = gateways;
    await owner.order(server.id, `flaky ${status} 2`);
    await eventually(() => owner.reported('report-recovered').length === 1, { what: 'recovery', withinMs: 60_000 });
    t.is(owner.reported('report-completed').length, 0, 'it is told before the end');
    await eventually(() => owner.reported('report-completed').length === 1, { what: 'the end', withinMs: 60_000 });
    const degraded = owner.reported('report-degraded').map(({ payload }) => payload as { failure: { code: string } });
    t.deepEqual(
      degraded.map(({ failure }) => failure.code),
      [code],
    );
    t.is(apiErrorsIn(owner), 2);
  });
}

/** Those of all steps, whichever report brought them. */
function apiErrorsIn(owner: FakeOwner): number {
  const single = owner.reported('report-step').map(({ payload }) => (payload as { step: Step }).step);
  const last = owner.reported('report-completed').flatMap(({ payload }) => (payload as { steps: Step[] }).steps);
  return [...single, ...last].reduce((sum, { apiErrors }) => sum + apiErrors, 0);
}

interface Step {
  readonly apiErrors: number;
}

test.serial('a slow answer lives through all clocks', async (t) => {
  const { server, directory } = t.context;
  await using gateways = await openGateways(directory);
  await gateways.start({ servers: [server], settings: CLOCKS });
  const { owner } = gateways;
  await owner.order(server.id, 'drip 8');
  await eventually(() => owner.reported('report-completed').length === 1, { what: 'the end', withinMs: 60_000 });
  t.is(owner.reported('report-failed').length, 0);
});

async function begin() {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await makePlace());
  const model = stack.use(await startObedientModel());
  const { agent, server } = stack.use(await startRealServer(optionsFor(model, place.data)));
  const owned = stack.move();
  const { id, url, password } = server;
  return {
    agent,
    directory: place.repository,
    server: { id, url, password },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
