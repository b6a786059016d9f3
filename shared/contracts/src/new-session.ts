import { z } from 'zod';
import {
  agentConfig,
  agentName,
  boundedText,
  decimal,
  instant,
  integer,
  metadata,
  modelName,
  oneOf,
  prompt,
  sessionId,
  tags,
  text,
  title,
} from './fields.ts';
import { permissionRules } from './permission-rules.ts';
import { dependsOn, onDependencyFailure } from './dependencies.ts';
import { onConflict } from './concurrency.ts';
import { CHILD_POLICIES, PRIORITIES, SESSION_TYPES, WORKSPACES } from './vocabulary.ts';

/** What a client submits. Unknown fields are refused. Source: the domain specification, section 1.1. */
export const newSession = z.strictObject({
  id: sessionId.optional().describe('A UUID of version 7. Made by the orchestrator when missing.'),
  title: title.describe('What the session is to do, 1–200 characters; generic titles are refused.'),
  description: boundedText('description', 0, 1_000).nullable().default(null),
  type: oneOf('type', SESSION_TYPES).default('execution'),
  priority: oneOf('priority', PRIORITIES).default('medium'),
  parentId: sessionId.nullable().default(null).describe('The session that this one is a part of, in the same tenant.'),
  childPolicy: oneOf('childPolicy', CHILD_POLICIES)
    .default('cancel')
    .describe('What happens to living children when this session ends.'),
  agentConfig: agentConfig.default({}).describe('Settings by agent name.'),
  agent: agentName
    .nullable()
    .default(null)
    .describe(
      'The agent that runs the prompt: a key of agentConfig, or one that the OpenCode server knows. By type when missing.',
    ),
  model: modelName.nullable().default(null).describe("provider/model. The server's default when missing."),
  concurrencyKey: boundedText('concurrencyKey', 1, 200)
    .nullable()
    .default(null)
    .describe('Of the sessions of a tenant with the same key one works at a time, unless an operator allows more.'),
  onConflict,
  prompt: prompt.describe('The task, 1–10,000 characters.'),
  directory: text('directory')
    .max(4_096, 'directory must be at most 4,096 characters.')
    .nullable()
    .default(null)
    .describe("The project directory, absolute, inside one of the operator's roots. The first root when missing."),
  workspace: oneOf('workspace', WORKSPACES)
    .nullable()
    .default(null)
    .describe(
      'worktree: an own git worktree and branch. in_place: the directory itself, one session at a time. When missing: worktree in a git repository, else in_place.',
    ),
  start: z
    .boolean({ error: 'start must be true or false.' })
    .default(true)
    .describe('false leaves the session pending until it is started.'),
  // Optional, not null: what most sessions do not have costs nothing in what is stored of them.
  dependsOn,
  onDependencyFailure,
  notBefore: instant('notBefore')
    .nullable()
    .optional()
    .describe('The session stays pending until then, at most ten years ahead. Started by hand, it does not wait.'),
  queueTimeoutSeconds: integer('queueTimeoutSeconds', 1, 31_536_000, 'seconds')
    .nullable()
    .optional()
    .describe('The longest that it waits for a slot, each time that it is queued; then it fails with queue_timeout.'),
  maxDurationSeconds: integer('maxDurationSeconds', 60, 86_400, 'seconds')
    .nullable()
    .default(null)
    .describe(
      'Counts the time spent running or degraded, without that in which the orchestrator was not there. 3,600 when missing, unless the operator set another default.',
    ),
  cpuLimit: decimal('cpuLimit', 0.1, 8, 'cores')
    .nullable()
    .default(null)
    .describe(
      'Cores that the agent, its tools and the OpenCode server of its own may use. Refused where that cannot be enforced.',
    ),
  memoryLimitMb: integer('memoryLimitMb', 100, 8_192, 'MB')
    .nullable()
    .default(null)
    .describe('MiB that they may use, of which the server takes 350 to 800. Refused where that cannot be enforced.'),
  permissions: permissionRules
    .default([])
    .describe(
      'What the agent may do beyond or below what it may by itself; the last rule that matches decides. Without a rule nobody is asked: leaving the workspace and questions are denied. Where a rule asks, sub-agents are denied, unless a rule for task says otherwise: OpenCode does not hold them to it.',
    ),
  approvalSeconds: integer('approvalSeconds', 10, 86_400, 'seconds')
    .nullable()
    .default(null)
    .describe(
      'How long a person has to answer what a rule asks; then the default is given. 900 when missing, unless the operator set another default.',
    ),
  tags: tags.default([]),
  metadata: metadata.default({}),
});
export type NewSession = z.output<typeof newSession>;
export type NewSessionInput = z.input<typeof newSession>;

/** Several in one request, at most so many. */
export function listOfSessions<S extends z.ZodType>(session: S, most: number) {
  return z
    .array(session, { error: 'sessions must be a list of sessions.' })
    .min(1, 'sessions must hold at least one session.')
    .max(most, `sessions must hold at most ${most} sessions.`);
}

/** Where a session works, as it was found at creation. Paths are real paths. */
export const place = z.object({
  directory: z.string(),
  workspace: z.enum(WORKSPACES),
  /** The git repository around the directory; null without git. */
  repository: z.object({ root: z.string(), revision: z.string().nullable() }).nullable(),
});
export type Place = z.output<typeof place>;

/** The workspace that an attempt really works in. */
export const workspaceInUse = z.object({
  path: z.string(),
  /** Top of the working tree that `path` lies in; `path` itself where there is no git. */
  root: z.string(),
  kind: z.enum(WORKSPACES),
  branch: z.string().nullable(),
  baseRevision: z.string().nullable(),
  repositoryRoot: z.string().nullable(),
});
export type WorkspaceInUse = z.output<typeof workspaceInUse>;
