import type { Report } from './result.ts';
import type { Spread } from './takeovers.ts';

const SHOWN = 8;

/** The reckoning of a run, for a person. */
export function reportLines({ result, findings, strikes, problems, takeovers, ratePerSecond }: Report): string[] {
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
    ...Object.entries(takeovers).map(([how, spread]) => `  taken over after ${how}: ${spreadText(spread)}`),
    `  invariants: ${Object.entries(result.invariants)
      .map(([id, holds]) => (holds ? id : `${id} BROKEN`))
      .join(', ')}`,
    ...broken.flatMap(([id, breaches]) => breaches.slice(0, SHOWN).map((breach) => `  ✗ ${id}: ${breach}`)),
    ...problems.slice(0, 3 * SHOWN).map((problem) => `  ✗ ${problem}`),
    result.ok ? `  ok (seed ${result.seed})` : `  NOT ok (seed ${result.seed})`,
  ];
}

function spreadText({ p50, p99, max }: Spread): string {
  return max === null ? 'none' : `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`;
}
