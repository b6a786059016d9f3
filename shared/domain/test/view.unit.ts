import test from 'ava';
import { FAILURES, toSessionView } from '../src/index.ts';
import { noUsage } from '../src/usage.ts';
import {
  after,
  at,
  CHILD_ID,
  completed,
  failed,
  PARENT_ID,
  prepared,
  SESSION_ID,
  SESSION_IN,
  submitted,
  workspace,
} from './sessions.ts';

const RUNNING = {
  id: SESSION_ID,
  tenant: 'default',
  createdBy: 'ada',
  createdAt: at(0),
  updatedAt: at(10),
  deletedAt: null,
  version: 5,
  title: 'Mend the parser',
  description: null,
  type: 'execution',
  priority: 'medium',
  status: 'running',
  statusUpdatedAt: at(10),
  parentId: PARENT_ID,
  childIds: [],
  childPolicy: 'cancel',
  agentConfig: {},
  agent: 'coder',
  model: null,
  concurrencyKey: null,
  onConflict: 'queue',
  dependsOn: [],
  onDependencyFailure: 'fail',
  notBefore: null,
  queueTimeoutSeconds: null,
  prompt: 'Mend it.',
  directory: '/srv/projects/one',
  workspace: 'in_place',
  place: { directory: '/srv/projects/one', workspace: 'in_place', repository: null },
  workspaceInUse: workspace,
  commit: null,
  start: true,
  maxDurationSeconds: 3_600,
  permissions: [],
  approvalSeconds: 900,
  cpuLimit: null,
  memoryLimitMb: null,
  tags: ['a'],
  metadata: { ticket: 7 },
  attempt: {
    number: 1,
    serverId: 'server-1',
    messageId: 'msg_1',
    openCodeSessionId: 'ses_1',
    startedAt: at(10),
    steps: 0,
    usage: noUsage,
    stop: null,
  },
  earlierAttempts: [],
  failure: null,
  lastFailure: null,
  retryAt: null,
  revert: null,
  forkedFrom: null,
  recoverable: false,
  waitingFor: null,
  approvals: [],
  prompts: [],
  allowedCommands: ['pause', 'stop', 'checkpoint', 'prompt'],
  healthScore: 0.9,
};

test('a view shows what was asked for, where it runs and how it stands', (t) => {
  const running = prepared(
    submitted({ tags: ['a'], metadata: { ticket: 7 }, agent: 'coder', directory: '/srv' }),
    at(10),
  );
  const { metrics, ...view } = toSessionView(running, at(20));
  t.deepEqual(view, RUNNING);
  t.is(metrics.executingSeconds, 10);
});

test('a view of a session that is about to be retried says when', (t) => {
  const view = toSessionView(failed(prepared(submitted(), at(0)), 'rate_limited', { now: at(60) }), at(61));
  t.like(view, {
    status: 'failed',
    retryAt: at(70),
    recoverable: true,
    failure: { code: 'rate_limited', ...wordsOf('rate_limited') },
    healthScore: 0,
  });
});

test('a view of a session that is at it again says why the attempt before has ended', (t) => {
  const again = after(failed(prepared(submitted()), 'output_truncated'), 'retry', {});
  t.like(toSessionView(again, at(61)), {
    failure: null,
    lastFailure: { code: 'output_truncated', ...wordsOf('output_truncated') },
  });
});

test('a failure that only another version knows is shown in its own words', (t) => {
  const failure = { code: 'constructor', message: 'Something new.', transient: false };
  t.like(toSessionView({ ...SESSION_IN.failed(), failure }, at(60)).failure, { ...failure, meaning: 'Something new.' });
});

function wordsOf(code: keyof typeof FAILURES) {
  const { meaning, advice } = FAILURES[code];
  return { meaning, advice };
}

test('a view of a finished session says what came of it, and that it cannot be retried', (t) => {
  t.like(toSessionView(completed(prepared(submitted())), at(60)), {
    status: 'completed',
    recoverable: false,
    allowedCommands: ['delete'],
    healthScore: 1,
    metrics: { result: { text: 'Done.' }, error: null },
  });
});

test('a view names the children', (t) => {
  t.deepEqual(toSessionView(SESSION_IN.partially_completed(), at(60)).childIds, [CHILD_ID]);
});
