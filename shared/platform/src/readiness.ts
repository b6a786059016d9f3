import type { DependencyHealth } from '@oio/runtime';

/** A little more than a report allows itself. */
const REPORT_WITHIN_MS = 3_000;
/** Anybody may ask, so that an answer is kept for a moment. */
const KEPT_MS = 500;

/** Something that a process depends on, and how to learn how it does. */
export interface Dependency extends Pick<DependencyHealth, 'name' | 'optional'> {
  report(): Promise<DependencyHealth>;
}

export interface ReadinessReport {
  /** `degraded` is ready, too: something does not do as it should, and work goes on. */
  readonly status: 'starting' | 'ready' | 'degraded' | 'not_ready' | 'stopping';
  readonly ready: boolean;
  /** Why it is not ready, or not as it should be; in sentences without secrets. */
  readonly reasons: readonly string[];
  readonly dependencies: readonly DependencyHealth[];
}

/** Whether this process can be given work. */
export class Readiness {
  readonly #dependencies: Dependency[] = [];
  #phase: 'starting' | 'running' | 'stopping' = 'starting';
  #waitsFor: string | null = null;
  #kept: { readonly atMs: number; readonly reports: Promise<readonly DependencyHealth[]> } | null = null;

  /** From now on the dependency is a part of every report. */
  add(dependency: Dependency): void {
    this.#dependencies.push(dependency);
    this.#kept = null;
  }

  /** What the start waits for, as a sentence; null when it goes on. */
  waitFor(what: string | null): void {
    this.#waitsFor = what;
  }

  started(): void {
    if (this.#phase === 'starting') this.#phase = 'running';
  }

  /** For good: whoever asks from now on is sent elsewhere. */
  stopping(): void {
    this.#phase = 'stopping';
  }

  async report(): Promise<ReadinessReport> {
    const dependencies = await this.#reports();
    const down = dependencies.filter(({ state, optional }) => state === 'down' && !optional);
    const impaired = dependencies.filter(({ state }) => state !== 'ok');
    const reasons = [
      ...this.#phaseReasons(),
      ...impaired.map(({ name, state, detail }) => `${name} ${state}: ${detail}`),
    ];
    const ready = this.#phase === 'running' && down.length === 0;
    return { status: this.#status(ready, impaired.length > 0), ready, reasons, dependencies };
  }

  #status(ready: boolean, impaired: boolean): ReadinessReport['status'] {
    if (this.#phase !== 'running') return this.#phase;
    if (!ready) return 'not_ready';
    return impaired ? 'degraded' : 'ready';
  }

  #phaseReasons(): string[] {
    if (this.#phase === 'stopping') return ['The process is stopping.'];
    if (this.#phase === 'starting') return [this.#waitsFor ?? 'The process is starting.'];
    return [];
  }

  #reports(): Promise<readonly DependencyHealth[]> {
    const atMs = performance.now();
    if (!this.#kept || atMs - this.#kept.atMs > KEPT_MS)
      this.#kept = { atMs, reports: Promise.all(this.#dependencies.map(reportOf)) };
    return this.#kept.reports;
  }
}

/** A report that fails or takes too long is one as well. */
async function reportOf(dependency: Dependency): Promise<DependencyHealth> {
  const { name, optional } = dependency;
  const down = (detail: string): DependencyHealth => {
    return { name, optional, state: 'down', latencyMs: null, detail, figures: {} };
  };
  const { promise: late, resolve } = Promise.withResolvers<DependencyHealth>();
  const timer = setTimeout(() => resolve(down(`No report within ${REPORT_WITHIN_MS / 1_000} s.`)), REPORT_WITHIN_MS);
  try {
    return await Promise.race([dependency.report(), late]);
  } catch {
    return down('Its report failed.');
  } finally {
    clearTimeout(timer);
  }
}
