import { z } from 'zod';
import { liveContract, requestContract } from './contract.ts';
import { agentConfig, knownSessionId } from './fields.ts';
import { forkedFrom } from './fork.ts';
import { place, workspaceInUse } from './new-session.ts';
import { permissionRule } from './permission-rules.ts';
import { resumePoint } from './usage.ts';
import { SESSION_TYPES } from './vocabulary.ts';

/** The fence of an order is the epoch of the owner times this, and the number of the order within the epoch. */
export const ORDERS_PER_EPOCH = 1_000_000;
/** Number 0 of each epoch is for who ends without an order what was left behind: every order comes after it. */
export const FIRST_ORDER = 1;

/** What stands in addresses: one that is none would make a request fail whose sender did nothing wrong. */
const address = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be letters, digits, _ and -');

/** Everything that is needed to run one attempt, complete in itself. */
export const attemptOrder = z.object({
  sessionId: knownSessionId,
  tenant: z.string(),
  /** `<attempt>.<run>`: reports carry it; the owner refuses those of another run. */
  token: z.string(),
  /** Who gives it: the worker that most likely still owns the session when something is reported. */
  owner: address,
  /** The epoch of the owner that gives the order; OpenCode is changed only while it is the session's present one. */
  epoch: z.int().min(1),
  /** Which order it is; the later one is higher. OpenCode is changed only by the taker of the highest that was acted on. */
  fence: z.int().min(ORDERS_PER_EPOCH),
  attempt: z.int().min(1),
  run: z.int().min(1),
  serverId: z.string(),
  /** The id under which the prompt of this attempt stands in OpenCode; the same for every run of the attempt. */
  messageId: z.string(),
  title: z.string(),
  type: z.enum(SESSION_TYPES),
  prompt: z.string(),
  /** What the session was told before that, oldest first; missing for the prompt that it was submitted with. */
  earlier: z.array(z.string()).optional(),
  agent: z.string().nullable(),
  agentConfig,
  model: z.string().nullable(),
  permissions: z.array(permissionRule),
  place,
  /** Whether the prompt of this attempt may have been sent already: it is, at the earliest, after `report-prepared`. */
  prepared: z.boolean(),
  /** The last step of this attempt that the owner has committed; only later ones are news. */
  lastStepId: z.string().nullable(),
  /** The last message of each OpenCode session whose calls are counted for this attempt, beside the steps. */
  counted: z.record(z.string(), z.string()),
  /** With any the attempt gets a server of its own, in a cgroup; null: it shares one. */
  limits: z.object({ cpuLimit: z.number().nullable(), memoryLimitMb: z.number().nullable() }).nullable(),
  /** From the latest checkpoint; null when nothing was done yet. */
  resume: resumePoint.nullable(),
  /** The checkpoint of another session that this one goes on from. */
  forkedFrom: forkedFrom.optional(),
  /** How the attempt before this one ended, for an agent that has to be told; null in the first attempt at a prompt. */
  previousFailure: z.string().nullable(),
});
export type AttemptOrder = z.output<typeof attemptOrder>;

/**
 * Addressed to `gateway.<id>` of one that was heard of lately, or to `server.<id>`: any opencode-gateway that can reach that
 * server answers, and says who has taken it.
 */
export const executeAttempt = requestContract({
  subject: 'attempt.execute',
  summary: 'Make sure that an attempt runs. Repeating it changes nothing: what is under way is adopted by reading.',
  payload: attemptOrder,
  /** `gateway` is the taker: it confirms and aborts at `gateway.<id>`. */
  reply: z.object({ state: z.enum(['started', 'already_running']), gateway: z.string() }),
});

/** Addressed to `gateway.<id>`, the taker of them all: whether it is still at work. */
export const confirmAttempts = requestContract({
  subject: 'attempt.confirm',
  summary: 'Which of these runs of attempts a gateway does not have, so that they have to be ordered again.',
  payload: z.object({ attempts: z.array(z.object({ sessionId: z.string(), token: z.string() })).max(1_000) }),
  reply: z.object({ missing: z.array(z.string()) }),
});

/** Addressed to `gateway.<id>` of the taker, or like an order when nobody knows of one. */
export const abortAttempt = requestContract({
  subject: 'attempt.abort',
  summary: 'End the run of an attempt and everything that it started. Reported by `session.report-closed`.',
  payload: attemptOrder.pick({ sessionId: true, token: true, epoch: true, fence: true }),
  reply: z.object({ state: z.enum(['aborting', 'unknown']) }),
});

/** Addressed to `keeper.<server id>`, served by those who could look after a managed server if its keeper leaves. */
export const keepServer = requestContract({
  subject: 'server.keep',
  summary: 'Look after a managed OpenCode server from now on, because the gateway that did so is leaving.',
  payload: z.object({ serverId: z.string() }),
  reply: z.object({ kept: z.boolean() }),
});

/** One broken rule of an input. */
export const violation = z.object({ field: z.string(), code: z.string(), message: z.string() });

/** Addressed to `gateway.<id>` of one that was heard of lately, or to any of them. */
export const inspectPlace = requestContract({
  subject: 'place.inspect',
  summary: 'Say where a session would work, and what of it is impossible: directory, agent, model, limits.',
  payload: z.object({
    directory: z.string().nullable(),
    workspace: z.enum(['worktree', 'in_place']).nullable(),
    agent: z.string().nullable(),
    agentConfigNames: z.array(z.string()),
    models: z.array(z.object({ field: z.string(), model: z.string() })),
    cpuLimit: z.number().nullable(),
    memoryLimitMb: z.number().nullable(),
  }),
  reply: z.object({
    place: place.nullable(),
    violations: z.array(violation),
    /** What a session that names no model runs with; missing where the gateway is of an older version. */
    defaultModel: z.string().nullable().optional(),
  }),
});

export const workspaceDiff = z
  .object({
    files: z.array(
      z.object({
        path: z.string(),
        status: z.enum(['added', 'modified', 'deleted', 'renamed']),
        additions: z.int().min(0),
        deletions: z.int().min(0),
      }),
    ),
    patch: z.string(),
    truncated: z.boolean(),
  })
  .meta({ id: 'WorkspaceDiff' });
export type WorkspaceDiff = z.output<typeof workspaceDiff>;

export const diffWorkspace = requestContract({
  subject: 'workspace.diff',
  summary: 'What a session has changed since the revision that its workspace was cut from.',
  payload: z.object({ workspace: workspaceInUse, commit: z.string().nullable() }),
  reply: z.object({ diff: workspaceDiff.nullable() }),
});

/** Sent every second or two by the opencode-gateway that runs or watches a server. */
export const serverAnnounced = liveContract({
  subject: 'server.announced',
  summary: 'An OpenCode server is there; how much it can take; whether it is well.',
  payload: z.object({
    serverId: address,
    healthy: z.boolean(),
    capacity: z.int().min(0).max(1_000),
    /** False while it is drained: what runs there goes on, and nothing new is begun. */
    accepting: z.boolean().default(true),
    version: z.string().nullable(),
    detail: z.string().nullable(),
    /** Who says so. */
    gateway: address.optional(),
  }),
});
export type ServerAnnouncement = z.output<typeof serverAnnounced.payload>;

/** Progress that is shown and not stored. */
export const sessionOutput = liveContract({
  subject: 'live.session-output',
  summary: 'What the agent is doing right now.',
  payload: z.object({
    sessionId: z.string(),
    tenant: z.string(),
    kind: z.enum(['text', 'reasoning', 'tool', 'status', 'todos']),
    /** New text, the tool and its title, or the status in words; at most 16 KiB. */
    text: z.string().max(16_384),
    tool: z.string().optional(),
    state: z.string().optional(),
  }),
});
export type SessionOutput = z.output<typeof sessionOutput.payload>;
