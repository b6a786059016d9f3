import { AppError } from '@oio/errors';
import type { Check } from './ports.ts';

const CHECK_WITHIN_MS = 2_000;
/** Anybody may ask, so that the answer is kept for a moment. */
const KEPT_MS = 500;

export interface Readiness {
  /** Each check with `ok` or why it is not. */
  ask(): Promise<{ readonly ready: boolean; readonly checks: Readonly<Record<string, string>> }>;
}

/** Whether requests can be met. */
export function createReadiness(checks: Readonly<Record<string, Check>>): Readiness {
  let kept: { readonly at: number; readonly answer: ReturnType<Readiness['ask']> } | null = null;
  return {
    ask() {
      if (!kept || performance.now() - kept.at > KEPT_MS) kept = { at: performance.now(), answer: askAll(checks) };
      return kept.answer;
    },
  };
}

async function askAll(checks: Readonly<Record<string, Check>>) {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await resultOf(check)] as const),
  );
  return { ready: results.every(([, result]) => result === 'ok'), checks: Object.fromEntries(results) };
}

async function resultOf(check: Check): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${CHECK_WITHIN_MS / 1_000} s`), CHECK_WITHIN_MS);
  });
  try {
    return await Promise.race([check().then(() => 'ok'), late]);
  } catch (error) {
    return error instanceof AppError ? error.code : 'failed';
  } finally {
    clearTimeout(timer);
  }
}
