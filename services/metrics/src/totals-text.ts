import { type TotalDefinition, type TotalName, TOTALS } from './total-definitions.ts';
import type { Distribution, Totals } from './totals.ts';

/** All totals in the Prometheus text format. Source: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function totalsText(totals: Totals): string {
  return (Object.keys(TOTALS) as TotalName[]).map((name) => `${linesOf(totals, name).join('\n')}\n`).join('\n');
}

function linesOf(totals: Totals, name: TotalName): string[] {
  const { help, labels, buckets }: TotalDefinition = TOTALS[name];
  const full = `oio_${name}`;
  const head = [`# HELP ${full} ${help}`, `# TYPE ${full} ${buckets ? 'histogram' : 'counter'}`];
  if (buckets) {
    const lines = [...totals.histogram(name)].flatMap(([values, distribution]) =>
      histogramLines(full, pairs(labels, values), { bounds: buckets, distribution }),
    );
    return [...head, ...lines];
  }
  const samples = [...totals.counter(name)].map(([values, value]) => line(full, pairs(labels, values), value));
  // What has no labels is there from the beginning.
  return [...head, ...(samples.length === 0 && labels.length === 0 ? [line(full, [], 0)] : samples)];
}

function histogramLines(
  full: string,
  labels: readonly string[],
  { bounds, distribution }: { readonly bounds: readonly number[]; readonly distribution: Distribution },
): string[] {
  const { buckets, count, sum } = distribution;
  let below = 0;
  const bucket = (bound: number | '+Inf', value: number): string =>
    line(`${full}_bucket`, [`le="${bound}"`, ...labels], value);
  const lines = bounds.map((bound, place) => {
    below += buckets[place] ?? 0;
    return bucket(bound, below);
  });
  return [...lines, bucket('+Inf', count), line(`${full}_sum`, labels, sum), line(`${full}_count`, labels, count)];
}

function line(name: string, labels: readonly string[], value: number): string {
  return `${name}${labels.length === 0 ? '' : `{${labels.join(',')}}`} ${value}`;
}

function pairs(names: readonly string[], values: readonly string[]): string[] {
  return names.map((name, index) => `${name}="${escaped(values[index] ?? '')}"`);
}

function escaped(value: string): string {
  return value.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`).replaceAll('"', String.raw`\"`);
}
