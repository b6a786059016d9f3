import {
  type Asked,
  type FinishedStep,
  type ModelCall,
  type NewSessionInput,
  newSession,
  noTokens,
  type ResumePoint,
  type SessionCommandName,
  type SessionCommandPayload,
  type SessionEventData,
  type Status,
  type WorkspaceInUse,
} from '@oio/contracts';
import {
  attemptToken,
  type Decision,
  type DecisionContext,
  decide,
  decideCreate,
  failureOf,
  type SessionCommand,
  type SessionSnapshot,
  type TimerName,
} from '../src/index.ts';

export const SESSION_ID = '0199b3e4-0000-7000-8000-000000000001';
export const PARENT_ID = '0199b3e4-0000-7000-8000-000000000002';
export const CHILD_ID = '0199b3e4-0000-7000-8000-000000000003';
const BIRTH = Date.parse('2026-01-01T00:00:00.000Z');

/** So many seconds after the birth of the samples. */
export function at(seconds: number): string {
  return new Date(BIRTH + Math.round(seconds * 1_000)).toISOString();
}

export function context(now: string, more: Partial<DecisionContext> = {}): DecisionContext {
  return {
    now,
    cause: { kind: 'system', id: 'test' },
    commandId: 'command-1',
    epoch: 1,
    random: 0.5,
    messageId: 'msg_1',
    ...more,
  };
}

export const workspace: WorkspaceInUse = {
  path: '/srv/projects/.oio/one',
  root: '/srv/projects/.oio/one',
  kind: 'worktree',
  branch: 'oio/one',
  baseRevision: 'a'.repeat(40),
  repositoryRoot: '/srv/projects/one',
};

export const resume: ResumePoint = {
  openCodeSessionId: 'ses_1',
  lastMessageId: 'msg_1',
  fileSnapshot: null,
  todos: [{ content: 'Write the test.', status: 'pending' }],
  tokens: noTokens,
  costUsd: 0.01,
};

export function step(stepId: string, more: Partial<FinishedStep> = {}): FinishedStep {
  const tokens = { input: 10, output: 5, reasoning: 2, cacheRead: 3, cacheWrite: 1 };
  return { stepId, finish: 'tool-calls', tools: ['bash'], tokens, costUsd: 0.001, apiErrors: 0, model: null, ...more };
}

/** A message that a conversation has beside the steps of the session. */
export function call(openCodeSessionId: string, messageId: string, more: Partial<ModelCall> = {}): ModelCall {
  const tokens = { input: 100, output: 50, reasoning: 0, cacheRead: 0, cacheWrite: 0 };
  const took = { tokens, costUsd: 0.01, apiCalls: 1, apiErrors: 0, model: 'test/small' };
  return { openCodeSessionId, messageId, ...took, ...more };
}

type Policy = SessionEventData<'session.created'>['policy'];

/** An agent that wants to run a command, unless it is said otherwise. */
export function asked(requestId: string, more: Partial<Asked> = {}): Asked {
  return {
    kind: 'permission',
    requestId,
    openCodeSessionId: 'ses_1',
    fromSubSession: false,
    tool: 'bash',
    patterns: ['git push'],
    command: 'git push',
    file: null,
    diff: null,
    questions: [],
    ...more,
  };
}

export function question(requestId: string, count = 1): Asked {
  const one = { header: 'Choice', question: 'Which one?', options: [], multiple: false };
  const questions = Array.from({ length: count }, () => one);
  return asked(requestId, { kind: 'question', tool: 'question', patterns: [], command: null, questions });
}

/** What `session.created` says of a session that was submitted with this input. */
export function creation(
  input: Partial<NewSessionInput> = {},
  policy: Partial<Policy> = {},
): SessionEventData<'session.created'> {
  const session = newSession.parse({ title: 'Mend the parser', prompt: 'Mend it.', parentId: PARENT_ID, ...input });
  return {
    tenant: 'default',
    createdBy: 'ada',
    session: {
      ...session,
      id: session.id ?? SESSION_ID,
      maxDurationSeconds: session.maxDurationSeconds ?? 3_600,
      approvalSeconds: session.approvalSeconds ?? 900,
    },
    place: { directory: '/srv/projects/one', workspace: 'in_place', repository: null },
    policy: { checkpointIntervalSeconds: 300, maxRetries: 3, ...policy },
  };
}

/** A session as it is right after its submission at second 0. */
export function submitted(input: Partial<NewSessionInput> = {}, policy: Partial<Policy> = {}): SessionSnapshot {
  const data = creation(input, policy);
  return decideCreate(data.session.id, data, context(at(0))).next;
}

export function command<N extends Exclude<SessionCommandName, 'create'>>(
  name: N,
  payload: SessionCommandPayload<N>,
): SessionCommand {
  return { name, payload } as SessionCommand;
}

/** The session after a command that must be accepted. */
export function after<N extends Exclude<SessionCommandName, 'create'>>(
  snapshot: SessionSnapshot,
  name: N,
  payload: SessionCommandPayload<N>,
  more: Partial<DecisionContext> = {},
): SessionSnapshot {
  return accepted(decide(snapshot, command(name, payload), context(snapshot.updatedAt, more))).next;
}

export function accepted(decision: Decision): Extract<Decision, { kind: 'events' }> {
  if (decision.kind === 'events') return decision;
  throw new Error(decision.kind === 'refused' ? decision.error.message : 'The command came too late.');
}

/** The session after an agent of it has asked; the id of the record is that of the request. */
export function waiting(snapshot: SessionSnapshot, what: Asked, now = snapshot.updatedAt): SessionSnapshot {
  const report = { token: token(snapshot), approvalId: what.requestId, asked: what };
  return after(snapshot, 'report-approval', report, { now });
}

/** The token of the run that is under way. */
export function token(snapshot: SessionSnapshot): string {
  if (!snapshot.attempt) throw new Error('No attempt has started.');
  return attemptToken(snapshot.attempt);
}

/** The session once somebody has shown that nothing of its last run works any more. */
export function shownToHaveEnded(snapshot: SessionSnapshot): SessionSnapshot {
  return after(snapshot, 'report-closed', { token: token(snapshot), proof: 'Idle.' });
}

export function dispatched(snapshot: SessionSnapshot, now = snapshot.updatedAt): SessionSnapshot {
  return after(snapshot, 'dispatch', { serverId: 'server-1', schedulerEpoch: 1 }, { now });
}

/** Dispatched, with its workspace and its first checkpoint. */
export function prepared(snapshot: SessionSnapshot, now = snapshot.updatedAt): SessionSnapshot {
  const running = dispatched(snapshot, now);
  return after(running, 'report-prepared', { token: token(running), workspace, resume }, { now });
}

export function fired(
  snapshot: SessionSnapshot,
  name: TimerName,
  more: Partial<DecisionContext> = {},
): SessionSnapshot {
  return after(snapshot, 'fire-timer', { name, generation: snapshot.timers[name]?.generation ?? 0 }, more);
}

export function failed(
  snapshot: SessionSnapshot,
  code: Parameters<typeof failureOf>[0],
  more: Partial<DecisionContext> = {},
): SessionSnapshot {
  return after(
    snapshot,
    'report-failed',
    { token: token(snapshot), steps: [], resume: null, failure: failureOf(code) },
    more,
  );
}

export function completed(snapshot: SessionSnapshot, more: Partial<DecisionContext> = {}): SessionSnapshot {
  return after(
    snapshot,
    'report-completed',
    { token: token(snapshot), steps: [], resume, result: { text: 'Done.' }, commit: null },
    more,
  );
}

/** A session in each status, brought there by commands alone. */
export const SESSION_IN: { readonly [S in Status]: () => SessionSnapshot } = {
  pending: () => submitted({ start: false }),
  queued: () => submitted(),
  running: () => prepared(submitted()),
  paused: () => after(prepared(submitted()), 'pause', {}),
  degraded: () => {
    const running = prepared(submitted());
    return after(running, 'report-degraded', { token: token(running), failure: failureOf('rate_limited') });
  },
  completed: () => completed(prepared(submitted())),
  partially_completed: () => {
    const parent = after(prepared(submitted()), 'add-child', { childId: CHILD_ID });
    return completed(parent, { children: { succeeded: 1, failed: 1, unended: 0 } });
  },
  failed: () => failed(prepared(submitted()), 'provider_auth'),
  timeout: () => fired(prepared(submitted()), 'max-duration'),
  stopped: () => after(prepared(submitted()), 'stop', {}),
  cancelled: () => after(submitted(), 'cancel', {}),
  orphaned: () => after(submitted(), 'end-by-parent', { policy: 'orphan', parentId: PARENT_ID }),
};
