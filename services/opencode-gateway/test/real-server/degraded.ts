import { eventually } from '@oio/runtime/testing';
import type { FakeOwner } from '../support/fake-owner.ts';
import { openGateways } from '../support/gateway-pair.ts';
import { test } from './shared-server.ts';

const CLOCKS = {
  OPENCODE_FIRST_TOKEN_SECONDS: '8',
  OPENCODE_SILENCE_SECONDS: '3',
  OPENCODE_TOOL_SECONDS: '3',
};

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
