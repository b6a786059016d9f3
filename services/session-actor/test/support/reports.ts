import { type FinishedStep, noTokens, type ResumePoint, type WorkspaceInUse } from '@oio/contracts';

export const WORKSPACE: WorkspaceInUse = {
  path: '/project',
  root: '/project',
  kind: 'in_place',
  branch: null,
  baseRevision: null,
  repositoryRoot: null,
};

export const RESUME: ResumePoint = {
  openCodeSessionId: 'ses_1',
  lastMessageId: 'msg_1',
  fileSnapshot: null,
  todos: [],
  tokens: noTokens,
  costUsd: 0.01,
};

export function step(stepId: string): FinishedStep {
  return { stepId, finish: 'stop', tools: ['bash'], tokens: noTokens, costUsd: 0.001, apiErrors: 0, model: null };
}

/** What an opencode-gateway says at the end of a turn that went well. */
export function completedReport(token = '1.1') {
  return { token, steps: [], resume: RESUME, result: { text: 'Done.' }, commit: null };
}
