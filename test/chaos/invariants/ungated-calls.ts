import type { StandInCall } from '../fleet/stand-in-call.ts';
import type { Part } from '../faults/fault.ts';
import type { Window } from '../windows.ts';

/** The gate let a run of a session through; each time is good for one call. */
export interface Passage {
  readonly sessionId: string;
  /** Milliseconds since 1970, by the database's clock, before the gate's answer. */
  readonly at: number;
  /**
   * `first`: the claim of a session for which nobody ever acted, whose conversation is made at once, with no further pass.
   * `claim`: a later one, after which OpenCode is read first. `pass`: right before a call.
   */
  readonly kind: 'first' | 'claim' | 'pass';
}

/** What is changed at OpenCode. */
const CHANGING: ReadonlySet<StandInCall['kind']> = new Set(['create', 'prompt', 'resume', 'abort', 'delete']);
/** The two clocks are the machine's own, but not read at the same instant. */
const CLOCK_STEP_MS = 5;
/** How long a call is on its way at most: an answer of the gate is good for two seconds, and the machine may be slow. */
const ON_ITS_WAY_MS = 10_000;
/** What can hold a call up on its way for as long as it lasts. */
const HOLDS_UP: ReadonlySet<Part> = new Set(['gateways', 'opencode', 'load']);
/** A turn that was set to work later than that after the gate is ended again by whoever did it, without the gate. */
const FRESH_MS = 2_000;
/** What a pass writes is not waited for to be on the disk: a crash of the database forgets what it let through last. */
const FORGETS = { fault: 'pg-restart', ms: 1_000 } as const;

/** Calls that changed something and for which the gate had not let the session through shortly before, once for each of them. */
export function ungatedCalls(
  calls: readonly StandInCall[],
  passages: readonly Passage[],
  windows: readonly Window[],
): readonly StandInCall[] {
  const changing = calls.filter(({ kind, sessionId }) => sessionId !== null && CHANGING.has(kind));
  const bySession = Map.groupBy(passages, ({ sessionId }) => sessionId);
  return [...Map.groupBy(changing, ({ sessionId }) => sessionId ?? '')].flatMap(([sessionId, ofSession]) =>
    ungatedOf(ofSession, bySession.get(sessionId) ?? [], windows),
  );
}

/** From when on a passage counts for a call at that moment, in milliseconds since 1970. */
export function countsSince(at: number, windows: readonly Window[]): number {
  const holding = windows.filter(({ touches, from }) => from <= at && touches.some((part) => HOLDS_UP.has(part)));
  return holding
    .sort((one, other) => other.to - one.to)
    .reduce((since, { from, to }) => (to >= since ? Math.min(since, from - ON_ITS_WAY_MS) : since), at - ON_ITS_WAY_MS);
}

function ungatedOf(calls: readonly StandInCall[], passages: readonly Passage[], windows: readonly Window[]) {
  const all = withoutPassage(calls, passages, windows);
  if (all.length === 0) return [];
  const excused = endingLate(calls, passages, windows);
  const left = calls.filter((call) => !excused.has(call));
  return withoutPassage(left, passages, windows).filter(({ atMs }) => !mayBeForgotten(atMs, windows));
}

/** Gives each call, in their order, the oldest passage that is left and counts for it: none is left over for fewer calls. */
function withoutPassage(calls: readonly StandInCall[], passages: readonly Passage[], windows: readonly Window[]) {
  const free = passages.toSorted((one, other) => one.at - other.at);
  const inOrder = calls.toSorted((one, other) => one.atMs - other.atMs);
  return inOrder.filter(({ kind, atMs }) => {
    const since = countsSince(atMs, windows);
    const index = free.findIndex(
      (passage) => passage.at >= since && passage.at <= atMs + CLOCK_STEP_MS && PASSES[passage.kind](kind),
    );
    if (index >= 0) free.splice(index, 1);
    return index < 0;
  });
}

const PASSES: Readonly<Record<Passage['kind'], (kind: StandInCall['kind']) => boolean>> = {
  first: (kind) => kind === 'create',
  claim: () => false,
  pass: () => true,
};

/** For each turn that was set to work, the first abort that may be its end because it was late. */
function endingLate(calls: readonly StandInCall[], passages: readonly Passage[], windows: readonly Window[]) {
  const aborts = calls.filter(({ kind }) => kind === 'abort').toSorted((one, other) => one.atMs - other.atMs);
  const excused = new Set<StandInCall>();
  for (const { kind, atMs } of calls) {
    if (kind !== 'prompt' && kind !== 'resume') continue;
    const since = countsSince(atMs, windows);
    const passedAt = passages.find((one) => one.kind === 'pass' && one.at >= since)?.at ?? Number.POSITIVE_INFINITY;
    const abort = aborts.find(
      (one) => !excused.has(one) && one.atMs >= atMs && one.atMs >= passedAt + FRESH_MS - CLOCK_STEP_MS,
    );
    if (abort) excused.add(abort);
  }
  return excused;
}

function mayBeForgotten(atMs: number, windows: readonly Window[]): boolean {
  const since = countsSince(atMs, windows);
  return windows.some(({ fault, from, to }) => fault === FORGETS.fault && from - FORGETS.ms <= atMs && to >= since);
}
