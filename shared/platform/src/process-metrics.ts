import type { DependencyHealth } from '@oio/runtime';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Readiness } from './readiness.ts';

/** The metrics of one process in the Prometheus text format. */
export interface ProcessMetrics extends Disposable {
  readonly contentType: string;
  expose(): Promise<string>;
}

/** What Node tells of this process, and how its dependencies do. */
export function createProcessMetrics(service: string, readiness: Readiness): ProcessMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const gauges = dependencyGauges(registry);
  return {
    contentType: registry.contentType,
    async expose() {
      const { ready, dependencies } = await readiness.report();
      gauges.ready.set(ready ? 1 : 0);
      // What a report does not hold any more is not known: the last value would be a wrong answer.
      gauges.figures.reset();
      for (const dependency of dependencies) show(gauges, dependency);
      return registry.metrics();
    },
    [Symbol.dispose]: () => registry.clear(),
  };
}

function dependencyGauges(registry: Registry) {
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name: `oio_${name}`, help, labelNames, registers: [registry] });
  return {
    ready: gauge('ready', '1 when this process can be given work, as /health/ready says.', []),
    up: gauge('dependency_up', '1 when it does as it should, 0.5 when degraded, 0 when down.', ['dependency']),
    latency: gauge('dependency_latency_seconds', 'Of the last question; missing without an answer.', ['dependency']),
    figures: gauge('dependency_figure', 'What its report holds, by name.', ['dependency', 'figure']),
  };
}

const UP = { ok: 1, degraded: 0.5, down: 0 } as const;

function show(
  gauges: ReturnType<typeof dependencyGauges>,
  { name, state, latencyMs, figures }: DependencyHealth,
): void {
  const dependency = { dependency: name };
  gauges.up.set(dependency, UP[state]);
  if (latencyMs === null) gauges.latency.remove(dependency);
  else gauges.latency.set(dependency, latencyMs / 1_000);
  for (const [figure, value] of Object.entries(figures)) gauges.figures.set({ ...dependency, figure }, value);
}
