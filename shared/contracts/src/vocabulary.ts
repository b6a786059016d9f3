/** The words of the domain that go over the wire. Source: the domain specification, sections 1 and 2. */
export const SESSION_TYPES = ['planning', 'execution', 'review', 'debug', 'integration'] as const;
export type SessionType = (typeof SESSION_TYPES)[number];

/** From the most urgent to the one that runs when nothing else wants the slot; the index is the rank. */
export const PRIORITIES = ['critical', 'high', 'medium', 'low', 'deferred'] as const;
export type Priority = (typeof PRIORITIES)[number];

export const STATUSES = [
  'pending',
  'queued',
  'running',
  'paused',
  'degraded',
  'completed',
  'partially_completed',
  'failed',
  'timeout',
  'stopped',
  'cancelled',
  'orphaned',
] as const;
export type Status = (typeof STATUSES)[number];

export const WORKSPACES = ['worktree', 'in_place'] as const;
export type WorkspaceKind = (typeof WORKSPACES)[number];

/** What a parent that ends does with its living children. */
export const CHILD_POLICIES = ['cancel', 'orphan', 'detach'] as const;
export type ChildPolicy = (typeof CHILD_POLICIES)[number];
