import type { AttemptOrder, Failure } from '@oio/contracts';
import { failureOf } from '@oio/domain';
import { InvalidError } from '@oio/errors';
import type { Bus } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import type { Logger } from '@oio/runtime';
import type { Catalogue } from '../catalogue.ts';
import type { ServerLink } from '../server-link.ts';
import { GitError } from '../workspaces/git.ts';
import type { KeyedMutex } from '../workspaces/keyed-mutex.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import type { Workspaces } from '../workspaces/workspaces.ts';
import { type ChosenAgent, chooseAgent } from './choose-agent.ts';
import { driveTurn, type TurnEnd } from './drive-turn.ts';
import { openSession } from './open-session.ts';
import { createReporter, type Reporter } from './report.ts';
import { emptyResumePoint } from './steps-reported.ts';

export interface AttemptParts {
  readonly link: ServerLink;
  readonly bus: Bus;
  readonly router: SessionRouter;
  readonly workspaces: Workspaces;
  readonly catalogue: () => Promise<Catalogue>;
  /** Whose turn it is to have a directory opened by a server. */
  readonly opening: KeyedMutex;
  readonly logger: Logger;
}

/** What a run has opened, so that it can be ended from outside. */
export interface RunState {
  openCodeSession: { readonly sessionId: string; readonly directory: string } | null;
}

/** The longest answer that is stored as the result; the whole stands in OpenCode. */
const RESULT_CHARACTERS = 20_000;

/** Runs an attempt from its workspace to its result. Everything that it does can be done again without harm. */
export async function runAttempt(
  parts: AttemptParts,
  order: AttemptOrder,
  state: RunState,
  signal: AbortSignal,
): Promise<void> {
  const reporter = createReporter(parts.router, order, signal);
  try {
    await parts.link.waitUntilUp(signal);
    const workspace = await prepare(parts, order);
    using _held = workspace.kind === 'in_place' ? await parts.workspaces.withDirectory(workspace.root, signal) : null;
    const chosen = chooseAgent(order, await parts.catalogue());
    if ('code' in chosen) return await reportFailed(reporter, chosen);
    const end = await work(parts, { order, state, signal, reporter, workspace, chosen });
    if (end.type === 'failed')
      await reporter.report('report-failed', 'end', { steps: [], resume: end.resume, failure: end.failure });
    else await finish(parts, order, reporter, workspace, end);
  } catch (error) {
    const failure = failureIn(error);
    if (!failure) throw error;
    await reportFailed(reporter, failure);
  }
}

async function prepare({ workspaces }: AttemptParts, { sessionId, place }: AttemptOrder): Promise<Workspace> {
  return workspaces.prepareWorkspace({
    sessionId,
    directory: place.directory,
    workspace: place.workspace,
    revision: place.repository?.revision ?? null,
  });
}

interface Work {
  readonly order: AttemptOrder;
  readonly state: RunState;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
  readonly workspace: Workspace;
  readonly chosen: ChosenAgent;
}

async function work(
  parts: AttemptParts,
  { order, state, signal, reporter, workspace, chosen }: Work,
): Promise<TurnEnd> {
  const opened = await openInTurn(parts, order, workspace.path);
  const ref = { sessionId: opened.id, directory: workspace.path };
  state.openCodeSession = ref;
  if (!order.prepared) {
    const resume = order.resume ? { ...order.resume, openCodeSessionId: opened.id } : emptyResumePoint(opened.id);
    await reporter.report('report-prepared', opened.id, { workspace, resume });
    for (const warning of chosen.warnings) await reporter.report('report-warning', warning.message, warning);
  }
  return driveTurn({ ...parts, order, ref, sameConversation: !opened.isNew, chosen, reporter, signal });
}

/** A server opens its directories one at a time: each takes its only thread for seconds, and several at once stop everything. */
async function openInTurn({ link, opening }: AttemptParts, order: AttemptOrder, directory: string) {
  return opening.run(link.serverId, async () => {
    const agent = link.agent();
    await agent.activities(directory);
    return openSession(agent, order, directory);
  });
}

async function finish(
  { workspaces }: AttemptParts,
  order: AttemptOrder,
  reporter: Reporter,
  workspace: Workspace,
  end: Extract<TurnEnd, { type: 'finished' }>,
): Promise<void> {
  const text = end.text.slice(0, RESULT_CHARACTERS);
  const committed = await workspaces.commitWorkspace({ workspace, title: order.title, sessionId: order.sessionId });
  for (const message of committed.warnings)
    await reporter.report('report-warning', message, { type: 'not_committed', message });
  await reporter.report('report-completed', 'end', {
    steps: [],
    resume: end.resume,
    result: { text, finish: end.finish, changed: committed.changed },
    commit: committed.commit,
  });
  if (committed.changed === false) await workspaces.releaseWorkspace({ workspace });
}

async function reportFailed(reporter: Reporter, failure: Failure): Promise<void> {
  await reporter.report('report-failed', 'end', { steps: [], resume: null, failure });
}

/** What of the errors is the session's own failure; null for the rest. */
function failureIn(error: unknown): Failure | null {
  if (error instanceof InvalidError)
    return failureOf('directory_invalid', [error.message, ...error.violations.map(({ message }) => message)].join(' '));
  if (error instanceof GitError) return failureOf('workspace_failed', error.message);
  return null;
}
