import { type SessionEventType, STATUSES, type Status, type StoredSessionEvent } from '@oio/contracts';
import { assign, setup } from 'xstate';
import { evolve } from './evolve.ts';
import type { SessionSnapshot } from './snapshot.ts';
import { TRANSITIONS } from './transitions.ts';

const FACTS = [
  'session.resume-requested',
  'session.workspace-prepared',
  'session.step-finished',
  'session.usage-counted',
  'session.resources-measured',
  'session.checkpoint-made',
  'session.revert-requested',
  'session.reverted',
  'session.revert-failed',
  'session.prompt-queued',
  'session.prompt-started',
  'session.prompt-ended',
  'session.warning-raised',
  'session.approval-requested',
  'session.approval-closed',
  'session.dependencies-settled',
  'session.child-added',
  'session.adopted',
  'session.impairment-changed',
  'session.attempt-closed',
  'session.stop-unconfirmed',
  'session.deleted',
] as const satisfies readonly SessionEventType[];

const machineSetup = setup({
  types: {
    context: {} as SessionSnapshot,
    events: {} as StoredSessionEvent,
    input: {} as SessionSnapshot,
  },
  actions: { apply: assign(({ context, event }) => evolve(context, event)) },
});

/**
 * The session actor: its states are the statuses, its events the committed facts, its context the snapshot. It holds no
 * timer and no invocation, because a restored machine would lose the one and repeat the other: both are data.
 */
export const sessionMachine = machineSetup.createMachine({
  id: 'session',
  context: ({ input }) => input,
  initial: 'pending',
  states: Object.fromEntries(STATUSES.map((status) => [status, stateOf(status)])) as Record<
    Status,
    ReturnType<typeof stateOf>
  >,
  on: Object.fromEntries(FACTS.map((type) => [type, { actions: 'apply' }])),
});

function stateOf(status: Status) {
  return {
    on: Object.fromEntries(
      TRANSITIONS[status].map((to) => [`session.${to}`, { target: to, actions: 'apply' as const }]),
    ),
  };
}
