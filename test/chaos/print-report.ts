import type { Report } from './result.ts';
import type { Spread } from './takeovers.ts';
import type { Target } from './target.ts';
import type { Takeovers } from './targets.ts';

const SHOWN = 8;

/** The reckoning of a run, for a person. */
export function reportLines(report: Report): string[] {
  const { result, findings, strikes, problems, takeovers, speeds, ratePerSecond } = report;
  const broken = [...findings].filter(([, breaches]) => breaches.length > 0);
  const struck = Map.groupBy(strikes, ({ window }) => window.fault);
  return [
    '',
    ...[...struck].map(([name, all]) => {
      const times = all.reduce((sum, { effect }) => sum + (effect?.times ?? 0), 0);
      const notes = all.flatMap(({ effect }) => effect?.note ?? []);
      return `  ${name.padEnd(20)} ${String(all.length).padStart(3)} × ${String(times).padStart(5)}  ${notes.slice(0, 4).join('; ')}`;
    }),
    '',
    `  commands accepted ${result.accepted} (${ratePerSecond.toFixed(1)}/s), sessions finished ${result.finished}`,
    `  lost ${result.lost}, doubled ${result.doubled}, stale writes ${result.staleWrites}, stale calls ${result.staleCalls}`,
    `  commands begun while a fault was on: ${spreadText(result.waitedMs)} until their outcome was clear`,
    ...takeovers.map(takeoverLine),
    ...speeds.map((target) => `  ${target.name}: ${`${target.figure} ${target.unit}`.trim()}${against(target)}`),
    `  invariants: ${Object.entries(result.invariants)
      .map(([id, holds]) => (holds ? id : `${id} BROKEN`))
      .join(', ')}`,
    ...broken.flatMap(([id, breaches]) => breaches.slice(0, SHOWN).map((breach) => `  ✗ ${id}: ${breach}`)),
    ...problems.slice(0, 3 * SHOWN).map((problem) => `  ✗ ${problem}`),
    result.ok ? `  ok (seed ${result.seed})` : `  NOT ok (seed ${result.seed})`,
  ];
}

/** Where something else was disturbed meanwhile, the targets stand beside the takeovers without that. */
function takeoverLine({ how, all, alone, targets }: Takeovers): string {
  const begin = `  taken over after ${how}: `;
  const isSame = all.p50 === alone.p50 && all.p99 === alone.p99 && all.max === alone.max;
  if (isSame) return begin + spreadText(all, targets);
  return `${begin}${spreadText(all)}; where nothing else was disturbed: ${spreadText(alone, targets)}`;
}

function spreadText({ p50, p99, max }: Spread, targets: readonly Target[] = []): string {
  if (max === null) return 'none';
  const of = (share: string): string =>
    targets
      .filter(({ name }) => name.endsWith(` ${share}`))
      .map(against)
      .join('');
  return `p50 ${p50} ms${of('p50')}, p99 ${p99} ms${of('p99')}, max ${max} ms`;
}

function against({ limit, isMet }: Target): string {
  return ` (target ${limit}: ${isMet ? 'met' : 'missed'})`;
}
