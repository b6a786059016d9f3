import type { Findings } from './invariants/catalogue.ts';
import type { Evidence } from './invariants/invariant.ts';
import { doubledPrompts, staleCalls } from './invariants/opencode-invariants.ts';
import { undisturbedLosses } from './invariants/ownership-invariants.ts';
import { type Report, verdicts } from './result.ts';
import type { Strike } from './schedule.ts';
import { spreadOf, takeoversOf } from './takeovers.ts';
import type { Target } from './target.ts';
import { redisTargets, takeoversByKind } from './targets.ts';
import type { Span } from './windows.ts';

export interface Assessed {
  readonly seed: number;
  readonly seconds: number;
  readonly faults: readonly string[];
  readonly ranMs: number;
  /** From the first success to the end of the load. */
  readonly loaded: Span;
  /** From the first success to the first breach that was seen; without one, to the end. */
  readonly shownAfterMs: number;
  readonly findings: Findings;
  readonly strikes: readonly Strike[];
  /** Processes that ended by themselves. */
  readonly ended: readonly string[];
  /** Breaches that were seen while the run went on. */
  readonly early: readonly string[];
}

/** Successes must show so long after a fault, in milliseconds. */
export const AFTER_MS = 15_000;

/** Puts all that was seen into figures and a verdict. */
export async function assess(run: Assessed, evidence: Evidence): Promise<Report> {
  const { history, losses, windows } = evidence;
  const findings = withEarly(run.findings, run.early);
  findings.set('I32', withoutSuccess(run, evidence));
  const problems = problemsOf(run);
  const invariants = verdicts(findings);
  const found = await takeoversOf(evidence.witness, losses);
  const takeovers = takeoversByKind(found, undisturbedLosses(losses, windows));
  const ofFaults = run.strikes.flatMap(({ effect }) => effect?.targets ?? []);
  const speeds = [...redisTargets(run.strikes, history, run.loaded), ...ofFaults];
  const targets = [...takeovers.flatMap((kind) => kind.targets), ...speeds];
  const result = {
    seed: run.seed,
    faults: run.faults,
    seconds: run.seconds,
    accepted: history.accepted.length,
    finished: await finishedOf(evidence),
    lost:
      countOf(findings, 'I8', 'and has 0 outcomes') +
      countOf(findings, 'I12', 'its attempt') +
      countOf(findings, 'I31'),
    doubled: countOf(findings, 'I11', 'outcomes') + doubledPrompts(evidence.calls).length,
    staleWrites: countOf(findings, 'I3'),
    staleCalls: (await staleCalls(evidence)).length,
    takeoverMs: takeovers.find(({ how }) => how === 'crash')?.all ?? spreadOf([]),
    waitedMs: spreadOf(history.waits(run.strikes.map(({ window }) => window))),
    invariants,
    targets: missedOrMet(targets),
    ok: problems.length === 0 && Object.values(invariants).every(Boolean),
  };
  const ratePerSecond = history.accepted.length / (run.ranMs / 1_000);
  const { strikes, shownAfterMs } = run;
  return { result, findings, strikes, problems, takeovers, speeds, ratePerSecond, shownAfterMs };
}

/** A target that was measured more than once is met if it was each time. */
function missedOrMet(targets: readonly Target[]): Record<string, boolean> {
  const byName = Map.groupBy(targets, ({ name }) => name);
  return Object.fromEntries([...byName].map(([name, all]) => [name, all.every(({ isMet }) => isMet)]));
}

function withEarly(findings: Findings, early: readonly string[]): Map<string, readonly string[]> {
  const all = new Map(findings);
  for (const line of early) {
    const [id = '', ...breach] = line.split(': ');
    const known = all.get(id) ?? [];
    if (!known.includes(breach.join(': '))) all.set(id, [...known, breach.join(': ')]);
  }
  return all;
}

/** A fault run counts only if it shows successes during and after the faults. */
function withoutSuccess({ strikes }: Assessed, { history }: Evidence): string[] {
  const firstFrom = Math.min(...strikes.map(({ window }) => window.from));
  const lastTo = Math.max(...strikes.map(({ window }) => window.to));
  const during = history.acceptedWithin(firstFrom, lastTo);
  const afterwards = history.acceptedWithin(lastTo, Math.max(...strikes.map(({ overAt }) => overAt)) + AFTER_MS);
  return [
    ...(strikes.length > 0 && during === 0 ? ['nothing was accepted while faults were on'] : []),
    ...(afterwards === 0
      ? [`nothing was accepted within ${AFTER_MS / 1_000} s after the faults and what follows from them`]
      : []),
  ];
}

function problemsOf({ strikes, ended }: Assessed): string[] {
  const missed = strikes.flatMap(({ window, effect, problem }) => {
    if (problem !== null) return [`${window.fault}: ${problem}`];
    return (effect?.breaches ?? []).map((breach) => `${window.fault}: ${breach}`);
  });
  const names = [...new Set(strikes.map(({ window }) => window.fault))];
  const idle = names.filter(
    (name) => !strikes.some(({ window, effect }) => window.fault === name && (effect?.times ?? 0) > 0),
  );
  const none = strikes.length === 0 ? ['no fault was let loose'] : [];
  return [...none, ...missed, ...idle.map((name) => `${name} never struck`), ...ended];
}

async function finishedOf({ witness, history }: Evidence): Promise<number> {
  const ids = [...new Set(history.accepted.flatMap(({ sessionId }) => sessionId ?? []))];
  const [row] = await witness.query<{ count: number }>(FINISHED, [ids]);
  return row?.count ?? 0;
}

const FINISHED = `select count(*)::int as count from sessions where id = any($1::uuid[])
and status in ('completed', 'partially_completed', 'failed', 'timeout', 'stopped', 'cancelled', 'orphaned')`;

function countOf(findings: Findings, id: string, text = ''): number {
  return (findings.get(id) ?? []).filter((breach) => breach.includes(text)).length;
}
