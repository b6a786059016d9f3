import { ASKED_AT_MOST, type Asked, type PermissionRule } from '@oio/contracts';
import { matchesWildcard } from './wildcard.ts';

/** What would leave the workspace, or wait for somebody, is denied unless the session says otherwise. */
const UNATTENDED: readonly PermissionRule[] = ['external_directory', 'question', 'doom_loop'].map(deny);
/** Of all rules that ask, OpenCode hands only those of `external_directory` on to a sub-agent; questions it has none. */
const BINDS_SUB_AGENTS: ReadonlySet<string> = new Set(['external_directory', 'question', 'doom_loop', 'task']);

/**
 * The rules that OpenCode gets for a session, the last one that matches decides. A session with a rule that a sub-agent
 * would slip has none, unless a rule of its own for `task` says otherwise.
 */
export function effectiveRules(permissions: readonly PermissionRule[]): readonly PermissionRule[] {
  const asks = permissions.some(({ tool, action }) => action === 'ask' && !BINDS_SUB_AGENTS.has(tool));
  const decidesTask = permissions.some(({ tool }) => tool === 'task');
  return [...UNATTENDED, ...permissions, ...(asks && !decidesTask ? [deny('task')] : [])];
}

/**
 * What a session's rules say to something that was asked: what no rule matches is denied, since nobody said that somebody is
 * there. Allowed at once is only what a sub-session asks, whose agent has rules of its own, and what is known in full.
 */
export function rulingOn(permissions: readonly PermissionRule[], asked: Asked): PermissionRule['action'] {
  const rules = effectiveRules(permissions);
  const patterns = asked.patterns.length > 0 ? asked.patterns : ['*'];
  const rulings = new Set(patterns.map((pattern) => actionFor(rules, asked.tool, pattern)));
  if (rulings.has('deny')) return 'deny';
  const mayAllow = asked.kind === 'permission' && asked.fromSubSession && isWhole(asked);
  return mayAllow && !rulings.has('ask') ? 'allow' : 'ask';
}

function actionFor(rules: readonly PermissionRule[], tool: string, pattern: string): PermissionRule['action'] {
  const rule = rules.findLast((one) => matchesWildcard(tool, one.tool) && matchesWildcard(pattern, one.pattern));
  return rule?.action ?? 'deny';
}

function isWhole({ patterns }: Asked): boolean {
  return (
    patterns.length < ASKED_AT_MOST.patterns && patterns.every((pattern) => pattern.length < ASKED_AT_MOST.pattern)
  );
}

function deny(tool: string): PermissionRule {
  return { tool, pattern: '*', action: 'deny' };
}
