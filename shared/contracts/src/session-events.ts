import { z } from 'zod';
import { approval } from './approvals.ts';
import { type EventContract, eventContract } from './contract.ts';
import { forkedFrom } from './fork.ts';
import { json } from './json.ts';
import { modelCall } from './model-calls.ts';
import { newSession, place, workspaceInUse } from './new-session.ts';
import { promptEventData } from './prompts.ts';
import { finishedStep } from './reports.ts';
import { revertEventData } from './revert.ts';
import { stopProof } from './stop-proof.ts';
import { checkpoint, failure, resourceUsage, resumePoint, warning } from './usage.ts';
import { PRIORITIES, STATUSES } from './vocabulary.ts';

const status = z.enum(STATUSES);
/** What every transition says; the instant, the cause and the version are in the event around it. */
const transition = z.object({ from: status, to: status, attempt: z.int().min(0) });

/** The facts of a session's history, by type. A `session.<status>` is a transition; nothing else changes the status. */
export const sessionEventData = {
  'session.created': z.object({
    tenant: z.string(),
    createdBy: z.string(),
    session: newSession.required({ id: true }).extend({ maxDurationSeconds: z.int(), approvalSeconds: z.int() }),
    place,
    /** Missing unless it goes on from a checkpoint of another session. */
    forkedFrom: forkedFrom.optional(),
    /** The operator's settings that this session was accepted under. */
    policy: z.object({ checkpointIntervalSeconds: z.int(), maxRetries: z.int() }),
  }),
  'session.queued': transition.extend({
    priority: z.enum(PRIORITIES),
    place,
    /** What the session counts for, beside tenant and directory. */
    model: z.string().nullable().optional(),
    concurrencyKey: z.string().nullable().optional(),
    resumable: resumePoint.nullable(),
  }),
  'session.running': transition.extend({
    serverId: z.string(),
    run: z.int().min(1),
    messageId: z.string(),
    schedulerEpoch: z.int().nullable(),
  }),
  'session.paused': transition,
  'session.degraded': transition.extend({ failure }),
  /** What impairs a degraded session is something else by now. */
  'session.impairment-changed': z.object({ failure }),
  'session.completed': transition.extend({
    result: json,
    commit: z.string().nullable(),
    /** How many sub-tasks there were, all of which succeeded; missing without any. */
    succeeded: z.int().min(0).optional(),
  }),
  'session.partially_completed': transition.extend({
    result: json,
    commit: z.string().nullable(),
    succeeded: z.int(),
    failed: z.int(),
  }),
  'session.failed': transition.extend({ failure, retryAt: z.iso.datetime().nullable() }),
  'session.timeout': transition.extend({ failure }),
  'session.stopped': transition.extend({ failure }),
  'session.cancelled': transition.extend({ failure }),
  'session.orphaned': transition.extend({ failure }),
  'session.resume-requested': z.object({ priority: z.enum(PRIORITIES), place }),
  'session.workspace-prepared': z.object({
    token: z.string(),
    workspace: workspaceInUse,
    openCodeSessionId: z.string(),
  }),
  'session.step-finished': z.object({
    token: z.string(),
    step: finishedStep,
  }),
  /** What sub-agents took, and calls that failed for good: everything beside the steps. */
  'session.usage-counted': z.object({ token: z.string(), calls: z.array(modelCall) }),
  /** What the server took on which the attempt ran alone. */
  'session.resources-measured': z.object({ token: z.string(), resources: resourceUsage }),
  'session.checkpoint-made': z.object({ checkpoint }),
  ...revertEventData,
  ...promptEventData,
  'session.warning-raised': z.object({ warning }),
  /** Somebody has to say something before the agent goes on. */
  'session.approval-requested': z.object({ approval }),
  /** Answered, expired or withdrawn. */
  'session.approval-closed': z.object({ approval }),
  /** All that the session depends on has ended as it should; the prompt with their results, null where it asks for none. */
  'session.dependencies-settled': z.object({
    prompt: z.string().nullable(),
    outcomes: z.array(z.object({ session: z.string(), status })),
  }),
  'session.child-added': z.object({ childId: z.string() }),
  /** Another worker has taken over a session at work, because its owner was gone; the new epoch is in the event around it. */
  /** `unownedMs`: how long nobody had owned it, which is not counted as work. */
  'session.adopted': z.object({ unownedMs: z.number().min(0).optional() }),
  'session.attempt-closed': z.object({
    token: z.string(),
    /** In words. */
    proof: z.string(),
    /** Of a turn that had to be ended. */
    stop: stopProof.optional(),
  }),
  /** Its turn was to be ended, and nobody could show in time that it has; a later `attempt-closed` takes that back. */
  'session.stop-unconfirmed': z.object({ token: z.string(), failure }),
  'session.deleted': z.object({}),
} as const;

export type SessionEventType = keyof typeof sessionEventData;
export type SessionEventData<T extends SessionEventType> = z.output<(typeof sessionEventData)[T]>;

/** Who or what caused an event. */
export const cause = z.object({
  kind: z.enum(['principal', 'scheduler', 'timer', 'opencode', 'parent', 'system']),
  id: z.string(),
});
export type Cause = z.output<typeof cause>;

/** What every event says besides its data. */
export const eventEnvelope = {
  sessionId: z.string(),
  tenant: z.string(),
  /** Version of the session after this event: 1, 2, 3 … without a gap. */
  seq: z.int().min(1),
  commandId: z.string().nullable(),
  /** Epoch of the owner that committed it. */
  epoch: z.int().min(1),
  cause,
  at: z.iso.datetime(),
};

/** One fact as it is stored, published and streamed. */
export type StoredSessionEvent<T extends SessionEventType = SessionEventType> = {
  [K in T]: {
    sessionId: string;
    tenant: string;
    seq: number;
    commandId: string | null;
    epoch: number;
    cause: Cause;
    at: string;
    type: K;
    data: SessionEventData<K>;
  };
}[T];

/** The same without validation by type: for documents and streams. */
export const storedSessionEvent = z
  .object({ ...eventEnvelope, type: z.string(), data: z.json() })
  .meta({ id: 'SessionEvent' });

export const SESSION_EVENT_TYPES = Object.keys(sessionEventData) as readonly SessionEventType[];

/** One contract per type of event; the subject is `events.<type>`. */
export const sessionEvents = Object.fromEntries(
  SESSION_EVENT_TYPES.map((type) => [
    type,
    eventContract({
      subject: `events.${type}`,
      summary: `A session's history has grown by "${type}".`,
      payload: z.object({ ...eventEnvelope, type: z.literal(type), data: sessionEventData[type] }),
    }),
  ]),
) as unknown as { readonly [T in SessionEventType]: EventContract<z.ZodType<StoredSessionEvent<T>>> };
