import type { FinishedStep, ModelCall, ModelUsage, SessionView, StoredSessionEvent, TurnStop } from '@oio/contracts';
import Table from 'cli-table3';
import colors from 'picocolors';
import { isLiving } from './living.ts';
import { printable } from './printable.ts';
import { waitingLine } from './show-approval.ts';
import { promptDetail, promptLine } from './show-prompt.ts';

const COLOUR = {
  pending: colors.gray,
  queued: colors.blue,
  running: colors.green,
  paused: colors.yellow,
  degraded: colors.yellow,
  completed: colors.green,
  partially_completed: colors.yellow,
  failed: colors.red,
  timeout: colors.magenta,
  stopped: colors.gray,
  cancelled: colors.gray,
  orphaned: colors.magenta,
} as const satisfies Record<SessionView['status'], (text: string) => string>;

/** Sessions as a table. */
export function sessionsTable(sessions: readonly SessionView[]): string {
  const table = new Table({
    head: ['id', 'status', 'reason', 'priority', 'steps', 'tokens', 'cost', 'title'],
    style: { head: [], border: [] },
  });
  for (const session of sessions) {
    const { metrics } = session;
    table.push([
      session.id,
      COLOUR[session.status](session.status),
      printable(reasonOf(session)),
      session.priority,
      session.attempt?.steps ?? 0,
      metrics.tokens.total,
      `$${metrics.costUsd.toFixed(4)}`,
      printable(session.title),
    ]);
  }
  return table.toString();
}

/** Why it is as it is, or, while it works or waits for another attempt, why the one before ended. */
function reasonOf({ status, failure, lastFailure }: SessionView): string {
  if (failure) return failure.code;
  return lastFailure && isLiving(status) ? `after ${lastFailure.code}` : '';
}

type Row = readonly [string, string | null];

/** One session, line by line; what is not known is left out. */
export function sessionLines(session: SessionView): string {
  const { workspaceInUse } = session;
  const rows: readonly Row[] = [
    ['id', session.id],
    ['title', printable(session.title)],
    ['status', COLOUR[session.status](session.status) + (session.waitingFor ? ', waits for a person' : '')],
    ...session.approvals.map((approval): Row => ['waits for', waitingLine(approval)]),
    ['type', `${session.type}, ${session.priority}`],
    ['directory', `${session.directory}${session.workspace === 'in_place' ? ' (in place)' : ''}`],
    ['worktree', workspaceInUse?.kind === 'worktree' ? workspaceInUse.path : null],
    ['branch', workspaceInUse?.branch ?? null],
    ['commit', session.commit],
    [
      'attempt',
      session.attempt && `${session.attempt.number}, ${session.attempt.steps} steps, on ${session.attempt.serverId}`,
    ],
    ...session.prompts.map((prompt): Row => ['prompt', promptLine(prompt)]),
    ...usageRows(session),
    ...failureRows(session),
    ['retry', session.retryAt && `at ${session.retryAt}`],
    ['can do', session.allowedCommands.join(', ') || null],
    ['result', resultText(session)],
  ];
  return rows.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(10)} ${value}`])).join('\n');
}

/** What the session took, and, where that is not the same, its present attempt and its sub-agents. */
function usageRows({ metrics, attempt, earlierAttempts }: SessionView): readonly Row[] {
  const { subAgents, apiErrors, apiCalls } = metrics;
  const all = { tokens: metrics.tokens, costUsd: metrics.costUsd };
  const ofAttempt = earlierAttempts.length > 0 && attempt ? `attempt ${attempt.number}: ${cost(attempt.usage)}` : null;
  return [
    ['usage', `${cost(all)}, ${metrics.executingSeconds.toFixed(1)} s`],
    ['', ofAttempt],
    ['', subAgents.apiCalls > 0 ? `sub-agents: ${cost(subAgents)}` : null],
    ['calls', apiCalls > 0 ? `${apiCalls} of models, ${apiErrors} failed` : null],
  ];
}

function cost({ tokens, costUsd }: Pick<ModelUsage, 'tokens' | 'costUsd'>): string {
  const { input, output, reasoning, cacheRead, cacheWrite } = tokens;
  return `${input + output + reasoning + cacheRead + cacheWrite} tokens, $${costUsd.toFixed(4)}`;
}

function failureRows({ failure, lastFailure, attempt }: SessionView): readonly Row[] {
  const stop = attempt?.stop ?? null;
  return [
    ['failure', failure && printable(`${failure.code}: ${failure.message}`)],
    ['advice', failure && printable(failure.advice)],
    ['before', lastFailure && printable(`${lastFailure.code}: ${lastFailure.message}`)],
    ['stop', stop && printable(stopLine(stop))],
  ];
}

function stopLine({ state, summary, failure }: TurnStop): string {
  return failure ? `${failure.code}: ${summary}` : `${state.replace('_', ' ')}: ${summary}`;
}

/** One line of a history. */
export function eventLine(event: StoredSessionEvent): string {
  const detail = promptDetail(event) ?? detailOf(event);
  return `${event.at}  ${String(event.seq).padStart(4)}  ${event.type.replace('session.', '')}${detail ? `  ${printable(detail)}` : ''}`;
}

function detailOf(event: StoredSessionEvent): string {
  if (event.type === 'session.approval-requested') return waitingLine(event.data.approval);
  if (event.type === 'session.approval-closed')
    return `${event.data.approval.id}  ${event.data.approval.status} ${event.data.approval.answer?.action ?? ''}`.trim();
  const { failure, step, calls, proof } = event.data as {
    failure?: { code: string; message: string } | null;
    step?: FinishedStep;
    calls?: readonly ModelCall[];
    proof?: string;
  };
  const took = step ? [...step.tools, cost(step)] : (calls?.map(cost) ?? []);
  return failure ? `${failure.code}: ${failure.message}` : (proof ?? took.join(', '));
}

function resultText({ metrics: { result } }: SessionView): string | null {
  if (typeof result !== 'object' || result === null || !('text' in result)) return null;
  return typeof result['text'] === 'string' ? printable(result['text']) : null;
}
