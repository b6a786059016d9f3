import type { AttemptOrder, ResourceUsage } from '@oio/contracts';
import { emptyResumePoint, failureOf, isTerminal } from '@oio/domain';
import type { Bus } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import type { Clock, Logger } from '@oio/runtime';
import type { ApprovalRecords } from '../approvals/approval-records.ts';
import type { Catalogue } from '../catalogue.ts';
import type { AwaitPromptTurn } from '../prompt-limit.ts';
import type { ServerLink } from '../server-link.ts';
import type { TurnLimits } from '../turn/turn-limits.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import type { Workspaces } from '../workspaces/workspaces.ts';
import { type ChosenAgent, chooseAgent } from './choose-agent.ts';
import { driveTurn } from './drive-turn.ts';
import { type Opened, openSession, replaceSession } from './open-session.ts';
import { createReporter, type Reporter } from './report.ts';
import { onWorkspace, RunFailure } from './run-failure.ts';
import type { RunGate } from './run-gate.ts';
import type { RunState } from './run-state.ts';
import { type KeepFiles, keepFiles } from './keep-files.ts';
import type { EndTurnProcesses } from './stop-turn.ts';
import { TurnHealth } from './turn-health.ts';
import type { TurnEnd } from './turn-end.ts';
import { whenUp } from './when-up.ts';

export interface AttemptParts {
  /** Behind the gate. */
  readonly link: ServerLink;
  readonly gate: RunGate;
  readonly bus: Bus;
  readonly router: SessionRouter;
  readonly workspaces: Workspaces;
  readonly catalogue: () => Promise<Catalogue>;
  /** Has a directory opened by the server, if it is not open yet. */
  readonly openDirectory: (directory: string) => Promise<void>;
  readonly limits: TurnLimits;
  readonly awaitPromptTurn: AwaitPromptTurn;
  readonly endProcesses: EndTurnProcesses;
  readonly records: ApprovalRecords;
  /** Shows the database's time. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the run took of the machine; null where others share its server. */
  readonly measure: () => Promise<ResourceUsage | null>;
}

/** One run of an attempt, and what it works with. */
interface Run extends AttemptParts {
  readonly order: AttemptOrder;
  readonly state: RunState;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
  readonly health: TurnHealth;
}

/** The run in its workspace. */
interface PlacedRun extends Run {
  readonly workspace: Workspace;
  readonly files: KeepFiles;
}

/** The longest answer that is stored as the result; the whole stands in OpenCode. */
const RESULT_CHARACTERS = 20_000;

/**
 * Runs an attempt from its workspace to its result. Everything that it does can be done again without harm. Throws
 * `RunFailure`, and what else its caller has to tell the owner of.
 */
export async function runAttempt(
  parts: AttemptParts,
  order: AttemptOrder,
  state: RunState,
  signal: AbortSignal,
): Promise<void> {
  const reporter = createReporter(parts.router, order, signal);
  const health = new TurnHealth(reporter, { mayBeImpaired: order.prepared, calmMs: parts.limits.calmMs });
  const run: Run = { ...parts, order, state, signal, reporter, health };
  const workspace = await onWorkspace(() => prepare(run));
  const files = keepFiles({ ...parts, workspace, sessionId: order.sessionId });
  const placed: PlacedRun = { ...run, workspace, files };
  await alone(placed, async () => conclude(placed, await work(placed)));
}

function prepare({ workspaces, order: { sessionId, place } }: Run): Promise<Workspace> {
  const revision = place.repository?.revision ?? null;
  return workspaces.prepareWorkspace({ sessionId, directory: place.directory, workspace: place.workspace, revision });
}

/** In place sessions would get in each other's way. */
async function alone({ workspaces, workspace, signal }: PlacedRun, task: () => Promise<void>): Promise<void> {
  if (workspace.kind === 'worktree') return task();
  const held = await workspaces.withDirectory(workspace.root, signal);
  try {
    await task();
  } finally {
    held[Symbol.dispose]();
  }
}

async function work(run: PlacedRun): Promise<TurnEnd> {
  const { link, order, signal, health, catalogue, limits, workspace } = run;
  const onTrouble = (error: Error) => health.impaired(failureOf('server_unreachable', error.message));
  const patience = { signal, onTrouble, connectMs: limits.connectMs };
  const chosen = chooseAgent(order, await whenUp(link, catalogue, patience));
  if ('code' in chosen) throw new RunFailure(chosen);
  let opened = await whenUp(link, () => open(run, workspace.path), patience);
  for (;;) {
    const end = await turnIn(run, { opened, chosen });
    if (end.type !== 'unsure') {
      run.state.mayWork = end.type === 'failed' && end.mayStillRun;
      return end;
    }
    const { ref } = opened;
    const replaced = { order, directory: workspace.path };
    opened = await whenUp(link, (agent) => replaceSession({ agent, ...replaced }, ref), patience);
  }
}

async function open({ link, gate, order, openDirectory, signal }: Run, directory: string): Promise<Opened> {
  await openDirectory(directory);
  // The last thing before OpenCode is changed: no predecessor changes anything after it.
  const claim = await gate.claimToWork(signal);
  return openSession({ agent: link.agent(), order, directory, claim });
}

interface TurnPlace {
  readonly opened: Opened;
  readonly chosen: ChosenAgent;
}

async function turnIn(run: PlacedRun, { opened, chosen }: TurnPlace) {
  const { state, gate, reporter, order, signal, workspace } = run;
  const { ref, messageId, isPrepared } = opened;
  state.openCodeSession = ref;
  if (!isPrepared) {
    const resume = await startingPoint(run, opened);
    await gate.confirm(signal);
    await reporter.report('report-prepared', ref.sessionId, { workspace, resume });
    for (const warning of chosen.warnings) await reporter.report('report-warning', warning.message, warning);
  }
  return driveTurn({ ...run, ...opened, order: { ...order, messageId }, chosen });
}

/** Where a later attempt could go on before this one has finished a step. */
async function startingPoint({ order, workspace, files }: PlacedRun, opened: Opened) {
  const { ref, sameConversation } = opened;
  const begun = order.resume ?? emptyResumePoint(ref.sessionId);
  const isFresh = order.resume === null && workspace.kind === 'worktree';
  return {
    ...begun,
    openCodeSessionId: ref.sessionId,
    // In a new conversation there is no message of the old one.
    lastMessageId: sameConversation ? (opened.lastMessageId ?? begun.lastMessageId) : null,
    fileSnapshot: isFresh ? workspace.baseRevision : await files(),
  };
}

async function conclude(run: PlacedRun, end: TurnEnd): Promise<void> {
  const { gate, reporter, workspaces, workspace, order, signal, files, logger } = run;
  const { steps } = end;
  await tellResources(reporter, run.measure);
  await gate.confirm(signal);
  if (end.type === 'failed') {
    const { failure, retryAfterMs, mayStillRun, stop } = end;
    const resume = { ...end.resume, fileSnapshot: await files() };
    const why = { failure, retryAfterMs, mayStillRun, ...(stop && { stop }) };
    await reporter.report('report-failed', 'end', { steps, resume, ...why });
    return;
  }
  const { title, sessionId } = order;
  const { changed, commit, warnings } = await onWorkspace(() =>
    workspaces.commitWorkspace({ workspace, title, sessionId }),
  );
  for (const message of warnings) await reporter.report('report-warning', message, { type: 'not_committed', message });
  // What is committed needs not be kept beside that.
  const fileSnapshot = commit ?? (workspace.kind === 'worktree' ? workspace.baseRevision : await files());
  const resume = { ...end.resume, fileSnapshot };
  const result = { text: end.text.slice(0, RESULT_CHARACTERS), finish: end.finish, changed };
  const status = await reporter.report('report-completed', 'end', { steps, resume, result, commit });
  // One that goes on with a further prompt needs its worktree.
  if (changed !== false || !isTerminal(status)) return;
  // A worktree that cannot be removed costs only its place on the disk.
  await workspaces.releaseWorkspace({ workspace }).catch((error: unknown) => {
    logger.warn({ err: error, sessionId }, 'worktree not removed');
  });
}

/** Before the end is told: nothing of a run is heard after that. */
export async function tellResources(reporter: Reporter, measure: AttemptParts['measure']): Promise<void> {
  const resources = await measure();
  if (resources) await reporter.report('report-resources', 'end', { resources });
}
