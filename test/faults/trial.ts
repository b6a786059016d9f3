import { modelParts, type SessionDetail } from '@oio/contracts';
import { NotFoundError, UnavailableError } from '@oio/errors';
import { eventually } from '@oio/runtime/testing';
import { faultMark } from '@oio/scripted-model';
import type { Client } from '@oio/sdk';
import { boundMs } from './clocks.ts';
import { deedFor } from './deeds.ts';
import type { Bound, Expected, NamedFault } from './named-fault.ts';
import type { Scene, Trial } from './scene.ts';

/** A verdict may take so much longer than what bounds it. */
const SLACK_MS = 2_000;

/** How one injection came out. */
export interface Outcome {
  readonly fault: string;
  readonly verdict: string;
  /** From the fault to the end of the session. */
  readonly tookMs: number;
  readonly boundMs: number;
  /** What was not as it should be, but for its time; empty when all was. */
  readonly complaints: readonly string[];
}

/** Everything that was wrong, lateness too. */
export function faultsIn(outcome: Outcome, slackMs = SLACK_MS): readonly string[] {
  const { complaints, tookMs, boundMs: limitMs } = outcome;
  return isLate(outcome, slackMs) ? [...complaints, `it took ${tookMs} ms of ${limitMs} and ${slackMs}`] : complaints;
}

export function isLate({ tookMs, boundMs: limitMs }: Outcome, slackMs = SLACK_MS): boolean {
  return tookMs > limitMs + slackMs;
}

/** Beyond its bound a trial is waited for so long, to see what comes in the end. */
const PATIENCE_MS = 30_000;

/** What is expected of a fault where it is tried. */
export function demandOn(
  scene: Scene['on'],
  fault: NamedFault,
): { readonly expected: Expected; readonly bound: Bound } {
  const { expected, bound } = fault;
  return scene === 'real' ? { expected, bound, ...fault.onReal } : { expected, bound };
}

/** An injection that could not be carried out. */
export function spoilt(fault: NamedFault, error: unknown): Outcome {
  const why = error instanceof Error ? error.message : String(error);
  return {
    fault: fault.name,
    verdict: 'not tried',
    tookMs: 0,
    boundMs: 0,
    complaints: [`it could not be tried: ${why}`],
  };
}

/** Submits a session, has the fault strike, and looks what comes of it. */
export async function tryFault(scene: Scene, fault: NamedFault, id: string): Promise<Outcome> {
  const { expected, bound } = demandOn(scene.on, fault);
  const limitMs = boundMs(bound, scene.clocks);
  const deed = deedFor(fault.name);
  const draft = await draftFor(scene, fault, id);
  const submission = { ...draft, start: deed?.begins !== 'before' };
  if (expected === 'not accepted') return refused(scene, { fault, submission, limitMs });
  const { id: sessionId } = await eventually(() => scene.client.createSession(submission), ACCEPTED);
  const trial: Trial = { id, fault: fault.name, mark: markOf(fault), directory: draft.directory, sessionId };
  const struckAtMs = (await deed?.strike(scene, trial)) ?? null;
  const ended = await endOf(scene, sessionId, limitMs + PATIENCE_MS);
  await reopen(scene, ended);
  const { beganAtMs, endedAtMs } = await instantsOf(scene, sessionId);
  const tookMs = endedAtMs - (struckAtMs ?? scene.server.reachedAtMs(trial) ?? beganAtMs);
  const clockMs = struckAtMs === null ? boundMs({ settings: bound.settings ?? [] }, scene.clocks) : 0;
  const complaints = [
    ...complaintsOf(ended, trial, expected),
    ...(endedAtMs - beganAtMs >= clockMs - EARLY_MS ? [] : ['it was cut before its clock']),
    ...(await scene.server.complaints(trial)),
  ];
  return { fault: fault.name, verdict: verdictOf(ended), tookMs, boundMs: limitMs, complaints };
}

function markOf({ name, ofSubAgent }: NamedFault): string {
  return faultMark(ofSubAgent ?? name);
}

/** A server that has just come up may not be known yet. */
const ACCEPTED = { what: 'the session to be accepted', withinMs: 30_000, everyMs: 200 };
const COST_OF_THREE_STEPS = 0.003;

async function draftFor(scene: Scene, { name, permissions = [] }: NamedFault, id: string) {
  const directory = await scene.newDirectory();
  const prompt = `${faultMark(name)} ${id}`;
  return {
    title: `Meet ${name}`,
    prompt,
    directory,
    workspace: 'in_place' as const,
    permissions: [...permissions],
  };
}

/**
 * What a provider says of its model keeps all that would ask it: the other trials are not about that. The last word counts. Beside
 * this one other trials open it again as well.
 */
async function reopen({ client }: Scene, { failure }: SessionDetail): Promise<void> {
  if (!failure?.quota) return;
  const model = modelParts(failure.quota.model);
  await client.closeQuota(model, { until: new Date(Date.now() + 60_000).toISOString() });
  await client.reopenQuota(model).catch((error: unknown) => {
    if (!(error instanceof NotFoundError)) throw error;
  });
}

function complaintsOf(session: SessionDetail, { fault }: Trial, expected: Expected): string[] {
  const verdict = verdictOf(session);
  const { costUsd } = session.metrics;
  const isBilledRight = fault !== 'cost-falls' || Math.abs(costUsd - COST_OF_THREE_STEPS) < 1e-9;
  return [
    ...(verdict === expected ? [] : [`it came to ${verdict} (${session.failure?.message ?? ''}), not ${expected}`]),
    ...(isBilledRight ? [] : [`its cost is ${costUsd}, not the sum of its steps`]),
  ];
}

/** Clocks of the database and of this process differ by so much, at the most. */
const EARLY_MS = 100;

interface Refusal {
  readonly fault: NamedFault;
  readonly submission: Parameters<Client['createSession']>[0];
  readonly limitMs: number;
}

/** The one server there is takes nothing, and says why. */
async function refused({ client }: Scene, { fault, submission, limitMs }: Refusal): Promise<Outcome> {
  const beganAtMs = Date.now();
  const isSaid = async (): Promise<boolean> =>
    (await client.listServers()).servers.some(({ trouble }) => trouble?.includes('lets in whoever asks'));
  const saying = { withinMs: limitMs + SLACK_MS, everyMs: 100, what: 'the server to say why it is not used' };
  const said = await eventually(isSaid, saying).catch((error: unknown) => (error as Error).message);
  const answer = await client.createSession(submission).then(
    () => 'accepted',
    (error: unknown) => (error instanceof UnavailableError ? 'not accepted' : String(error)),
  );
  const complaints = [
    ...(answer === 'not accepted' ? [] : [`it was ${answer}`]),
    ...(typeof said === 'string' ? [said] : []),
  ];
  return { fault: fault.name, verdict: answer, tookMs: Date.now() - beganAtMs, boundMs: limitMs, complaints };
}

async function endOf({ client }: Scene, id: string, withinMs: number): Promise<SessionDetail> {
  try {
    return await client.ended(id, { signal: AbortSignal.timeout(withinMs) });
  } catch {
    return client.getSession({ id });
  }
}

function verdictOf({ status, failure }: SessionDetail): string {
  if (status === 'completed') return 'no harm';
  return status === 'failed' ? (failure?.code ?? 'failed') : status;
}

/** By the clock of the database, which is that of this machine. */
async function instantsOf({ client }: Scene, id: string) {
  const { events } = await client.getHistory({ id, limit: 200 });
  const first = (...types: readonly string[]): number | null => {
    const found = events.find(({ type }) => types.includes(type));
    return found ? Date.parse(found.at) : null;
  };
  const endedAtMs = first('session.completed', 'session.failed', 'session.timeout') ?? Date.now();
  return { beganAtMs: first('session.running') ?? endedAtMs, endedAtMs };
}
