import {
  type SessionView,
  type StoredSessionEvent,
  sessionView,
  type Status,
  type WorkspaceDiff,
} from '@oio/contracts';
import { demoSessions } from '@oio/scripted-model';
import type { Outcome } from '../../../src/demo/collect-outcomes.ts';
import type { Evidence } from '../../../src/demo/expectations.ts';
import type { Checkout } from '../../../src/demo/make-repository.ts';
import type { DemoSessionName } from '../../../src/demo/scenario.ts';

const START = Date.parse('2026-01-01T10:00:00.000Z');
/** Seconds after the start as the API writes instants. */
export const at = (secondsLater: number): string => new Date(START + secondsLater * 1_000).toISOString();

interface Result {
  readonly files?: readonly string[];
  readonly text?: string;
  readonly commit?: string | null;
  readonly status?: Status;
  readonly failure?: SessionView['failure'];
  readonly attempts?: number;
  readonly retries?: number;
  readonly history?: readonly StoredSessionEvent[];
}

/** What became of a session of the demo, valid by the contract. */
export function outcome(name: DemoSessionName, result: Result = {}): Outcome {
  const { files = [], history = ran(1, 9) } = result;
  const diff = files.length > 0 ? diffOf(files) : null;
  return { session: sessionView.parse(view(name, result)), history, diff };
}

function view(name: DemoSessionName, result: Result) {
  const { status = 'completed', text = 'Done.', commit = null, failure = null, attempts = 1, retries = 0 } = result;
  return {
    ...UNIMPORTANT,
    ...demoSessions[name],
    id: name,
    status,
    commit,
    failure,
    workspaceInUse: { ...WORKSPACE, branch: `oio/${name}` },
    attempt: { ...ATTEMPT, number: attempts },
    metrics: { ...METRICS, retries, result: { text } },
  };
}

const WORKSPACE = { path: '/w', root: '/w', kind: 'worktree', baseRevision: 'base', repositoryRoot: '/r' };
const USAGE = {
  tokens: { input: 1_000, output: 200, reasoning: 30, cacheRead: 4, cacheWrite: 0 },
  costUsd: 0.01,
  apiCalls: 2,
  apiErrors: 0,
};
const ATTEMPT = {
  serverId: 's',
  messageId: 'msg_1',
  openCodeSessionId: 'ses_1',
  startedAt: at(1),
  steps: 2,
  usage: USAGE,
  stop: null,
};

/** Fields of a session that the demo does not look at. */
const UNIMPORTANT = {
  tenant: 'default',
  createdBy: 'user:me',
  createdAt: at(0),
  updatedAt: at(9),
  deletedAt: null,
  version: 9,
  description: null,
  statusUpdatedAt: at(9),
  parentId: null,
  childIds: [],
  childPolicy: 'cancel',
  agentConfig: {},
  agent: null,
  model: 'scripted/demo',
  directory: '/r',
  workspace: 'worktree',
  place: { directory: '/r', workspace: 'worktree', repository: { root: '/r', revision: 'base' } },
  start: true,
  maxDurationSeconds: 60,
  cpuLimit: null,
  memoryLimitMb: null,
  tags: [],
  metadata: {},
  earlierAttempts: [],
  permissions: [],
  approvalSeconds: 900,
  waitingFor: null,
  approvals: [],
  retryAt: null,
  recoverable: false,
  allowedCommands: [],
  healthScore: 1,
};

const METRICS = {
  createdAt: at(0),
  queuedAt: at(0),
  startedAt: at(1),
  completedAt: at(9),
  failedAt: null,
  lastCheckpointAt: null,
  queuedSeconds: 1,
  executingSeconds: 8,
  totalSeconds: 9,
  cpuPercent: null,
  memoryMb: null,
  diskMb: null,
  networkBytesSent: null,
  networkBytesReceived: null,
  tokens: { input: 1_000, output: 200, reasoning: 30, cacheRead: 4, cacheWrite: 0, total: 1_234 },
  apiCalls: 2,
  apiErrors: 0,
  apiErrorRate: 0,
  checkpointCount: 2,
  successRate: null,
  confidence: null,
  codeQuality: null,
  error: null,
  warnings: [],
  costUsd: 0.0123,
  subAgents: {
    tokens: { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
    costUsd: 0,
    apiCalls: 0,
    apiErrors: 0,
  },
  healthy: true,
};

function diffOf(paths: readonly string[]): WorkspaceDiff {
  const files = paths.map((path) => ({ path, status: 'added' as const, additions: 1, deletions: 0 }));
  return { files, patch: paths.map((path) => `+++ b/${path}\n@@ -0,0 +1 @@\n+new\n-old\n`).join(''), truncated: false };
}

/** An event of a history; the envelope does not matter here. */
export function event(secondsLater: number, type: string, data: object): StoredSessionEvent {
  const envelope = {
    sessionId: 's',
    tenant: 'default',
    seq: 1,
    commandId: null,
    epoch: 1,
    cause: { kind: 'system', id: 's' },
  };
  return { ...envelope, at: at(secondsLater), type, data } as unknown as StoredSessionEvent;
}

/** The history of an attempt that ran from one second to another and used these tools. */
export function ran(from: number, until: number, tools: readonly string[] = []): StoredSessionEvent[] {
  return [
    event(from, 'session.running', { from: 'queued', to: 'running', attempt: 1 }),
    event(from, 'session.step-finished', { step: { tools } }),
    event(until, 'session.completed', { from: 'running', to: 'completed', attempt: 1 }),
  ];
}

/** The history of an attempt that failed, with or without a retry to come, and of the one that followed. */
export function failedThenRan({
  transient,
  retryAt,
}: {
  transient: boolean;
  retryAt: string | null;
}): StoredSessionEvent[] {
  const failure = { code: 'provider_unavailable', message: 'Overloaded.', transient };
  return [
    event(1, 'session.running', { from: 'queued', to: 'running', attempt: 1 }),
    event(3, 'session.failed', { from: 'running', to: 'failed', attempt: 1, failure, retryAt }),
    ...ran(5, 9),
  ];
}

const CHECKOUT: Checkout = { head: 'base', branch: 'main', status: '', branches: { main: 'base' } };

/** The evidence of a demo in which everything was as it should be. */
export function goodEvidence(): Evidence {
  const outcomes = {
    planning: outcome('planning', { files: ['docs/plan.md'], commit: 'c1' }),
    execution: outcome('execution', {
      files: ['src/slug.js', 'test/slug.test.js'],
      commit: 'c2',
      text: 'The tests ran: 3 passed, none failed.',
      history: ran(1, 9, ['write', 'bash']),
    }),
    review: outcome('review', { text: 'Findings: one.' }),
    integration: outcome('integration', { files: ['src/words.js', 'test/words.test.js'], commit: 'c3' }),
    retried: outcome('retried', {
      files: ['docs/api.md'],
      commit: 'c4',
      attempts: 2,
      retries: 1,
      history: failedThenRan({ transient: true, retryAt: at(5) }),
    }),
  };
  const branches = {
    ...CHECKOUT.branches,
    'oio/planning': 'c1',
    'oio/execution': 'c2',
    'oio/integration': 'c3',
    'oio/retried': 'c4',
  };
  return { isScripted: true, outcomes, before: CHECKOUT, after: { ...CHECKOUT, branches } };
}
