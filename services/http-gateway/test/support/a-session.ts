import type { Approval, Asked, SessionView } from '@oio/contracts';
import { newId } from '@oio/runtime';
import { type Api, draft } from './start-api.ts';

/** Submits a session and returns it. */
export async function aSession(
  api: Pick<Api, 'fetch'>,
  fields: Record<string, unknown> = {},
  key?: string,
): Promise<SessionView> {
  const response = await api.fetch('/v1/sessions', { json: draft(fields), ...(key && { key }) });
  if (response.status !== 201) throw new Error(`not accepted: ${await response.text()}`);
  return (await response.json()) as SessionView;
}

const PREPARED = {
  workspace: {
    root: '/srv/worktrees/1',
    path: '/srv/worktrees/1',
    kind: 'worktree',
    branch: 'oio/1',
    baseRevision: null,
    repositoryRoot: '/srv/project',
  },
  resume: {
    openCodeSessionId: 'ses_1',
    lastMessageId: null,
    fileSnapshot: null,
    todos: [],
    tokens: { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
    costUsd: 0,
  },
} as const;

/** Submits a session and has it run on a server, in a worktree of its own. */
export async function aRunningSession(api: Api, fields: Record<string, unknown> = {}): Promise<SessionView> {
  const session = await aSession(api, fields);
  await api.actor.command(session.id, { name: 'dispatch', payload: { serverId: 'opencode-1', schedulerEpoch: null } });
  await api.actor.command(session.id, {
    name: 'report-prepared',
    payload: { token: '1.1', ...PREPARED, resume: { ...PREPARED.resume, todos: [] } },
  });
  return session;
}

/** An agent of a running session asks for something. */
export async function anApproval(api: Api, sessionId: string, more: Partial<Asked> = {}): Promise<Approval> {
  const id = newId();
  const asked: Asked = {
    kind: 'permission',
    requestId: `per_${id}`,
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
  await api.actor.command(sessionId, { name: 'report-approval', payload: { token: '1.1', approvalId: id, asked } });
  const response = await api.fetch(`/v1/approvals/${id}`);
  return (await response.json()) as Approval;
}
