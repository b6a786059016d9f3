import type { DependencyHealth } from '@oio/runtime';

const REPORT_WITHIN_MS = 3_000;
/** Anybody may ask, so that the answer is kept for a moment. */
const KEPT_MS = 500;

type Reports = readonly DependencyHealth[];

/** How the things do that requests need. */
export interface Readiness {
  ask(): Promise<{ readonly status: 'ready' | 'degraded' | 'not_ready'; readonly dependencies: Reports }>;
}

/** Ready while nothing is down but what can be done without. */
export function createReadiness(health: () => Promise<Reports>): Readiness {
  let kept: { readonly at: number; readonly reports: Promise<Reports> } | null = null;
  return {
    async ask() {
      if (!kept || performance.now() - kept.at > KEPT_MS) kept = { at: performance.now(), reports: reportsOf(health) };
      const dependencies = await kept.reports;
      return { status: statusOf(dependencies), dependencies };
    },
  };
}

/** Reports that fail or take too long are one as well. */
async function reportsOf(health: () => Promise<Reports>): Promise<Reports> {
  const { promise: late, resolve } = Promise.withResolvers<Reports>();
  const timer = setTimeout(() => resolve(silent(`No report within ${REPORT_WITHIN_MS / 1_000} s.`)), REPORT_WITHIN_MS);
  try {
    return await Promise.race([health(), late]);
  } catch {
    return silent('The report failed.');
  } finally {
    clearTimeout(timer);
  }
}

function silent(detail: string): Reports {
  return [{ name: 'dependencies', state: 'down', optional: false, latencyMs: null, detail, figures: {} }];
}

function statusOf(dependencies: Reports): 'ready' | 'degraded' | 'not_ready' {
  if (dependencies.some(({ state, optional }) => state === 'down' && !optional)) return 'not_ready';
  return dependencies.every(({ state }) => state === 'ok') ? 'ready' : 'degraded';
}
