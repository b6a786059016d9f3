import type { History } from './load/history.ts';
import type { Strike } from './schedule.ts';
import type { Target } from './target.ts';
import { type Loss, spreadOf, type Spread, type Takeover } from './takeovers.ts';
import { isDisturbed, type Span, undisturbed, type Window } from './windows.ts';

/** How long takeovers of a kind took, and those of them during which nothing else was disturbed: to them the targets apply. */
export interface Takeovers {
  readonly how: Loss['how'];
  readonly all: Spread;
  readonly alone: Spread;
  readonly targets: readonly Target[];
}

/** From the loss of the owner to the next one's first commit, in milliseconds. What they take at most is an invariant, I5. */
const PROMISED: Readonly<Record<Loss['how'], Partial<Record<'p50' | 'p99', number>>>> = {
  crash: { p50: 150, p99: 1_000 },
  'crash of all': {},
  hang: { p99: 8_000 },
  handover: { p99: 150 },
};

/** Each kind of takeover, also one that there was none of. */
export function takeoversByKind(takeovers: readonly Takeover[], alone: readonly Loss[]): readonly Takeovers[] {
  const isAlone = new Set(alone);
  return (Object.keys(PROMISED) as Loss['how'][]).map((how) => {
    const all = takeovers.filter(({ loss }) => loss.how === how);
    const spread = spreadOf(all.filter(({ loss }) => isAlone.has(loss)).map(({ ms }) => ms));
    const targets = (['p50', 'p99'] as const).flatMap((share) =>
      atMost(`${how} ${share}`, spread[share], PROMISED[how][share]),
    );
    return { how, all: spreadOf(all.map(({ ms }) => ms)), alone: spread, targets };
  });
}

const REDIS = { leastPercent: 70, p99Ms: 500 } as const;
/** Shorter than that and the figures say nothing. */
const LONG_ENOUGH_MS = 5_000;

/** Of each fault of Redis alone that was on while nothing else was: what clients got of the system, beside the run's undisturbed times. */
export function redisTargets(strikes: readonly Strike[], history: History, loaded: Span): readonly Target[] {
  const windows = strikes.map(({ window }) => window);
  const quiet = undisturbed(loaded, windows);
  const ofRedis = windows.filter(
    (window) => isOfRedisAlone(window) && !isDisturbed(windows, { ...window, but: window.fault }),
  );
  return [...Map.groupBy(ofRedis, ({ fault }) => fault)].flatMap(([fault, spans]) => {
    if (lengthOf(spans) < LONG_ENOUGH_MS) return [];
    const percent = (rateIn(history, spans) / rateIn(history, quiet)) * 100;
    const isKnown = lengthOf(quiet) >= LONG_ENOUGH_MS && Number.isFinite(percent);
    return [
      ...(isKnown ? [atLeast(`${fault} throughput`, Math.round(percent), REDIS.leastPercent)] : []),
      ...atMost(`${fault} waited p99`, spreadOf(history.waits(spans)).p99, REDIS.p99Ms),
    ];
  });
}

function isOfRedisAlone({ touches }: Window): boolean {
  return touches.every((part) => part === 'redis');
}

function atMost(name: string, figure: number | null, limit: number | undefined): Target[] {
  if (figure === null || limit === undefined) return [];
  return [{ name, figure, limit, unit: 'ms', isMet: figure <= limit }];
}

function atLeast(name: string, figure: number, limit: number): Target {
  return { name, figure, limit, unit: '%', isMet: figure >= limit };
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** Commands that were accepted per millisecond. */
function rateIn(history: History, spans: readonly Span[]): number {
  return spans.reduce((sum, { from, to }) => sum + history.acceptedWithin(from, to), 0) / lengthOf(spans);
}
