import { z } from 'zod';
import { approval } from './approvals.ts';
import { forkPoint } from './fork.ts';
import { json, jsonObject } from './json.ts';
import { place, workspaceInUse } from './new-session.ts';
import { permissionRule } from './permission-rules.ts';
import { failureView } from './reason-codes.ts';
import { modelUsage } from './model-calls.ts';
import { followUp } from './prompts.ts';
import { revertInUse } from './revert.ts';
import { stopProof } from './stop-proof.ts';
import { checkpoint, tokenUsage, warning } from './usage.ts';
import { ON_CONFLICT } from './concurrency.ts';
import { CHILD_POLICIES, PRIORITIES, SESSION_TYPES, STATUSES } from './vocabulary.ts';

const instant = z.iso.datetime();
const seconds = z.number().min(0);
const share = z.number().min(0).max(1);

/** Source: the domain specification, section 4. Durations in seconds, from instants, never negative. */
export const executionMetrics = z.object({
  createdAt: instant,
  queuedAt: instant.nullable(),
  startedAt: instant.nullable(),
  completedAt: instant.nullable(),
  failedAt: instant.nullable(),
  lastCheckpointAt: instant.nullable(),
  queuedSeconds: seconds,
  executingSeconds: seconds,
  totalSeconds: seconds,
  cpuPercent: z.number().nullable(),
  memoryMb: z.number().nullable(),
  diskMb: z.number().nullable(),
  networkBytesSent: z.number().nullable(),
  networkBytesReceived: z.number().nullable(),
  tokens: tokenUsage.extend({ total: z.int().min(0) }),
  apiCalls: z.int().min(0),
  apiErrors: z.int().min(0),
  apiErrorRate: share,
  retries: z.int().min(0),
  checkpointCount: z.int().min(0),
  successRate: share.nullable(),
  confidence: share.nullable(),
  codeQuality: share.nullable(),
  result: json,
  error: z.object({ type: z.string(), message: z.string(), context: json }).nullable(),
  warnings: z.array(warning),
  costUsd: z.number().min(0),
  subAgents: modelUsage.describe('The part of tokens, cost and calls that sub-agents took.'),
  healthy: z.boolean(),
});
export type ExecutionMetrics = z.output<typeof executionMetrics>;

/** What one attempt of a session took, sub-agents included. */
const attemptUsage = modelUsage.extend({ number: z.int().min(1), steps: z.int().min(0) });
export type AttemptUsage = z.output<typeof attemptUsage>;
/** How far the end of a turn is that was ended from outside: by a stop, a pause, a cancel, a time-out, or because it hung. */
const turnStop = z.object({
  state: z
    .enum(['under_way', 'proven', 'unconfirmed'])
    .describe('`unconfirmed`: nobody could show in time that nothing works any more; its server takes no new turns.'),
  at: instant.describe('When that was found.'),
  summary: z.string().describe('In words.'),
  proof: stopProof.nullable(),
  failure: failureView.nullable(),
});
export type TurnStop = z.output<typeof turnStop>;

/** A session as clients see it. */
export const sessionView = z
  .object({
    id: z.string(),
    tenant: z.string(),
    createdBy: z.string(),
    createdAt: instant,
    updatedAt: instant,
    deletedAt: instant.nullable(),
    version: z.int().min(1).describe('Sequence number of the last event in the history of the session.'),
    title: z.string(),
    description: z.string().nullable(),
    type: z.enum(SESSION_TYPES),
    priority: z.enum(PRIORITIES),
    status: z.enum(STATUSES),
    statusUpdatedAt: instant,
    parentId: z.string().nullable(),
    childIds: z.array(z.string()),
    childPolicy: z.enum(CHILD_POLICIES),
    agentConfig: jsonObject('agentConfig'),
    agent: z.string().nullable(),
    model: z.string().nullable(),
    concurrencyKey: z.string().nullable().default(null),
    onConflict: z.enum(ON_CONFLICT).default('queue'),
    prompt: z.string(),
    directory: z.string(),
    workspace: place.shape.workspace,
    place,
    forkedFrom: forkPoint.nullable().default(null).describe('The checkpoint of another session that it goes on from.'),
    workspaceInUse: workspaceInUse
      .nullable()
      .describe('The worktree and branch that the session works on; null until it first runs.'),
    commit: z.string().nullable().describe('The commit that holds the result.'),
    start: z.boolean(),
    dependsOn: z
      .array(z.object({ session: z.string(), on: z.enum(['succeeded', 'finished']), name: z.string().optional() }))
      .default([]),
    onDependencyFailure: z.enum(['fail', 'skip', 'continue']).default('fail'),
    notBefore: instant.nullable().default(null).describe('It starts by itself then.'),
    queueTimeoutSeconds: z.int().nullable().default(null),
    maxDurationSeconds: z.int(),
    cpuLimit: z.number().nullable(),
    memoryLimitMb: z.number().nullable(),
    permissions: z.array(permissionRule),
    approvalSeconds: z.int(),
    waitingFor: z.enum(['approval']).nullable().describe('What a working session waits for: the answer of a person.'),
    approvals: z.array(approval).describe('What waits for an answer.'),
    tags: z.array(z.string()),
    metadata: jsonObject('metadata'),
    attempt: z
      .object({
        number: z.int().min(1),
        serverId: z.string(),
        messageId: z.string(),
        openCodeSessionId: z.string().nullable(),
        startedAt: instant,
        steps: z.int().min(0),
        usage: modelUsage,
        stop: turnStop.nullable().default(null).describe('How its turn was ended; null for one that ended by itself.'),
      })
      .nullable(),
    earlierAttempts: z.array(attemptUsage).describe('What the attempts before took, the last 20 of them.'),
    failure: failureView.nullable().describe('Why it has ended, or what impairs it.'),
    lastFailure: failureView.nullable().default(null).describe('Why the attempt before the present one has ended.'),
    revert: revertInUse.nullable().default(null).describe('The last order to take it back to a checkpoint.'),
    prompts: z
      .array(followUp)
      .default([])
      .describe('Further prompts, in the order in which they were queued; of those that have ended the last 20.'),
    retryAt: instant.nullable().describe('When the next automatic retry is due.'),
    recoverable: z.boolean(),
    allowedCommands: z.array(z.string()).describe('Commands that the present state allows.'),
    healthScore: share,
    metrics: executionMetrics,
  })
  .meta({ id: 'Session' });
export type SessionView = z.output<typeof sessionView>;

/** One session in full: with its checkpoints (the last 100, oldest first). */
export const sessionDetail = sessionView.extend({ checkpoints: z.array(checkpoint) }).meta({ id: 'SessionDetail' });
export type SessionDetail = z.output<typeof sessionDetail>;
