import type { DependencyHealth } from '@oio/runtime';

const UP = { ok: 1, degraded: 0.5, down: 0 } as const;

/** What the reports say, in the Prometheus text format. */
export function dependencyMetrics(reports: readonly DependencyHealth[]): string {
  const labelled = reports.map((report) => ({
    ...report,
    label: `service="http-gateway",dependency="${report.name}"`,
  }));
  const up = labelled.map(({ label, state }) => `oio_dependency_up{${label}} ${UP[state]}`);
  const latency = labelled.flatMap(({ label, latencyMs }) =>
    latencyMs === null ? [] : [`oio_dependency_latency_seconds{${label}} ${latencyMs / 1_000}`],
  );
  const figures = labelled.flatMap(({ label, figures: named }) =>
    Object.entries(named).map(([figure, value]) => `oio_dependency_figure{${label},figure="${figure}"} ${value}`),
  );
  return [
    ...described('oio_dependency_up', '1 when it does as it should, 0.5 when degraded, 0 when down.', up),
    ...described('oio_dependency_latency_seconds', 'Of the last question; missing without an answer.', latency),
    ...described('oio_dependency_figure', 'What its report holds, by name.', figures),
    '',
  ].join('\n');
}

function described(name: string, help: string, samples: readonly string[]): string[] {
  return samples.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples];
}
