import type { WaitingReason } from '@oio/contracts';
import type { Client } from '@oio/sdk';
import type { ScriptedModel } from '@oio/scripted-model';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { reaches, submit } from '../support/sessions.ts';
import { model, orchestrator } from './fixture.ts';
import { ONCE_REFUSED, RESET_SECONDS } from './scripts.ts';

test.serial('a refusal with a reset keeps all sessions with the model waiting until then, and no others', async (t) => {
  t.timeout(150_000);
  const { client } = orchestrator;
  await client.setLimits({ limits: [{ scope: 'model', name: 'scripted/demo', concurrent: 1 }] });
  t.teardown(() => client.setLimits({ limits: [] }));
  const [first, ...waiting] = await submitAll(4);
  const because = await becauseOf(client, waiting.at(-1) ?? '');
  t.like(because, { provider: 'scripted', model: 'demo', closedBy: 'provider', isReopening: false, shortened: false });
  t.regex(because.said, /Rate limit reached/);
  // It is heeded before it is written down.
  const [quota, ...others] = await eventually(async () => nonEmpty((await client.listQuotas()).quotas));
  t.like(quota, { provider: 'scripted', model: 'demo', resetAt: because.resetAt });
  t.deepEqual(others, []);
  const other = await submit(orchestrator, 'something else', { model: 'scripted/other' });
  for (const id of [first, ...waiting, other.id]) await reaches(orchestrator, id, 'completed');

  const resetAtMs = Date.parse(because.resetAt);
  const [refusedAtMs = 0, ...answeredAtMs] = callsOf(model);
  t.true(Math.abs(resetAtMs - refusedAtMs - 1_000 * RESET_SECONDS) < 5_000);
  t.is(answeredAtMs.length, 4, 'none but the refusal was in vain');
  t.true(answeredAtMs.every((atMs) => atMs >= resetAtMs));
  const { events } = await client.getHistory({ id: other.id, limit: 200 });
  t.true(
    events.some(({ type, at }) => type === 'session.running' && Date.parse(at) < resetAtMs),
    'another model',
  );
  t.like(await client.getSession({ id: first }), {
    metrics: { retries: 1 },
    lastFailure: { code: 'retry_wait_too_long' },
  });
  for (const id of waiting) t.is((await client.getSession({ id })).metrics.retries, 0);
  t.deepEqual((await client.listQuotas()).quotas, []);
});

function nonEmpty<T>(list: readonly T[]): readonly T[] | null {
  return list.length > 0 ? list : null;
}

async function submitAll(count: number): Promise<[string, ...string[]]> {
  const ids: string[] = [];
  for (let number = 0; number < count; number += 1)
    ids.push((await submit(orchestrator, `limited ${number}`, { model: 'scripted/demo' })).id);
  return ids as [string, ...string[]];
}

/** Why the session waits, once that is a quota. */
function becauseOf(client: Client, id: string): Promise<Extract<WaitingReason, { readonly reason: 'quota' }>> {
  const look = async () => {
    const because = (await client.getWaiting({ id })).waiting?.because;
    return because?.reason === 'quota' ? because : null;
  };
  return eventually(look, { withinMs: 60_000, everyMs: 50, what: 'a session to wait for the quota' });
}

/** When the model was asked by those that may be refused. */
function callsOf({ requests }: ScriptedModel): number[] {
  return requests.filter(({ script }) => script === ONCE_REFUSED).map(({ atMs }) => atMs);
}
