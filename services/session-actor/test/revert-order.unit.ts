import type { SessionSnapshot } from '@oio/domain';
import { CancelledError, ConflictError, UnavailableError } from '@oio/errors';
import type { GatewayRouter, SessionRouter } from '@oio/ownership';
import test from 'ava';
import { Fences } from '../src/fences.ts';
import { orderRevert } from '../src/revert-order.ts';

const CONVERSATION = { openCodeSessionId: 'ses_2', lastMessageId: null };

test('the owner is told in which conversation a session goes on that was taken back', async (t) => {
  const { told, order } = ordered(async () => CONVERSATION);
  await order();
  t.deepEqual(told, [['revert-ended', { requested: 7, conversation: CONVERSATION, failure: null }]]);
});

test('a refusal ends it', async (t) => {
  const { told, order } = ordered(() => Promise.reject(new ConflictError('The commit is gone.')));
  await order();
  t.like(told, [['revert-ended', { requested: 7, conversation: null, failure: { message: 'The commit is gone.' } }]]);
});

for (const [what, error] of [
  [
    'an order that a later one has taken the place of',
    new CancelledError('Another acts for it.', { code: 'superseded' }),
  ],
  ['an order that nobody has taken', new UnavailableError('Nobody answers.', { code: 'no_responders' })],
] as const) {
  test(`${what} says nothing of how it ended`, async (t) => {
    const { told, order } = ordered(() => Promise.reject(error));
    t.is(await t.throwsAsync(order()), error);
    t.deepEqual(told, []);
  });
}

/** The seventh event of a session has ordered to take it back, and the gateway answers so. */
function ordered(request: () => Promise<object>) {
  const told: [string, unknown][] = [];
  const send = async (name: string, payload: unknown) => void told.push([name, payload]);
  const snapshot = {
    id: 's1',
    tenant: 'acme',
    session: { title: 'Add a parser', permissions: [] },
    attempt: { number: 1, run: 1, serverId: 'server-1', openCodeSessionId: 'ses_1' },
    workspace: { kind: 'worktree' },
    revert: { requested: 7, resume: { fileSnapshot: 'cafe', openCodeSessionId: 'ses_1', lastMessageId: 'msg_1' } },
  } as unknown as SessionSnapshot;
  const parts = {
    router: { send } as unknown as SessionRouter,
    gateways: { request } as unknown as GatewayRouter,
    fences: new Fences(() => 1),
  };
  return { told, order: () => orderRevert(parts, snapshot) };
}
