import { randomUUID } from 'node:crypto';
import { newSession, type SessionCommandName, type SessionCommandPayload } from '@oio/contracts';
import { type DecisionContext, decide, decideCreate, type SessionCommand, type SessionSnapshot } from '@oio/domain';
import type { SessionCommit } from '../../src/index.ts';

export const OWNER = randomUUID();

export interface Wish {
  readonly id?: string;
  readonly title?: string;
  readonly prompt?: string;
  readonly metadata?: SessionSnapshot['session']['metadata'];
  readonly owner?: string;
  readonly commandId?: string;
}

/** The birth of a session, as its owner commits it. */
export function birth(wish: Wish = {}): SessionCommit {
  const { id = randomUUID(), title = 'Add a parser', prompt = 'Add a parser.', metadata = {}, owner = OWNER } = wish;
  const data = {
    tenant: 'acme',
    createdBy: 'ada',
    session: { ...newSession.parse({ title, prompt }), metadata, id, maxDurationSeconds: 3_600, approvalSeconds: 900 },
    place: { directory: '/project', workspace: 'worktree', repository: null },
    policy: { checkpointIntervalSeconds: 300, maxRetries: 3 },
  } as const;
  const { next, events } = decideCreate(id, data, context({ commandId: wish.commandId ?? randomUUID() }));
  return { next, events, epoch: 1, fromVersion: 0, owner, schedulerEpoch: null };
}

export interface Change<N extends SessionCommandName> {
  readonly name: N;
  readonly payload: SessionCommandPayload<N>;
  readonly commandId?: string;
  readonly epoch?: number;
}

/** What a command makes of a session, as its owner commits it. Throws when it is refused. */
function change<N extends SessionCommandName>(snapshot: SessionSnapshot, wish: Change<N>): SessionCommit {
  const { name, payload, epoch = 1, commandId = randomUUID() } = wish;
  const decision = decide(snapshot, { name, payload } as unknown as SessionCommand, context({ epoch, commandId }));
  if (decision.kind !== 'events') throw new Error(`Nothing comes of ${name} in ${snapshot.status}.`);
  const schedulerEpoch = (payload as { schedulerEpoch?: number | null }).schedulerEpoch ?? null;
  const { next, events } = decision;
  return { next, events, epoch, fromVersion: snapshot.version, owner: OWNER, schedulerEpoch };
}

/** A queued session is cancelled: the plainest change. */
export function cancelled(snapshot: SessionSnapshot, more: { commandId?: string; epoch?: number } = {}): SessionCommit {
  return change(snapshot, { name: 'cancel', payload: {}, ...more });
}

export function dispatched(snapshot: SessionSnapshot, schedulerEpoch: number | null): SessionCommit {
  return change(snapshot, { name: 'dispatch', payload: { serverId: 'server-1', schedulerEpoch } });
}

/** A running session makes a checkpoint, as often as wanted. */
export function checkpointed(snapshot: SessionSnapshot, data: Checkpointed = {}): SessionCommit {
  return change(snapshot, { name: 'checkpoint', payload: { data } });
}

type Checkpointed = SessionCommandPayload<'checkpoint'>['data'];

function context(more: Partial<DecisionContext>): DecisionContext {
  return {
    now: new Date().toISOString(),
    cause: { kind: 'system', id: 'test' },
    commandId: null,
    epoch: 1,
    random: 0.5,
    messageId: 'msg_1',
    ...more,
  };
}
