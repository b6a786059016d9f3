import { setTimeout as pause } from 'node:timers/promises';

/** One operation of a client; resolves when it has succeeded, throws when not. */
export type Operation = () => Promise<void>;

export interface LoopOptions {
  /** One operation for each client, which repeats it. */
  readonly operations: readonly Operation[];
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Told when the warm-up is over, and about every second afterwards. */
  readonly onStart: () => void;
  readonly onProgress: (done: number, errors: number) => void;
}

export interface LoopResult {
  /** How long was measured, in milliseconds. */
  readonly tookMs: number;
  /** How long each operation took that ended within the time, in milliseconds. */
  readonly latenciesMs: readonly number[];
  readonly errors: number;
  /** The first error in words; null without any. */
  readonly firstError: string | null;
}

/** Closed loop: each client begins its next operation when the one before it has ended. */
export async function closedLoop(options: LoopOptions): Promise<LoopResult> {
  const latenciesMs: number[] = [];
  const failures: string[] = [];
  let phase: 'warm-up' | 'measured' | 'over' = 'warm-up';
  const run = async (operation: Operation): Promise<void> => {
    while (phase !== 'over') {
      const startedAt = performance.now();
      const failure = await operation().then(
        () => null,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      if (phase !== 'measured') continue;
      if (failure === null) latenciesMs.push(performance.now() - startedAt);
      else failures.push(failure);
    }
  };
  const running = options.operations.map(run);
  await pause(options.warmUpMs);
  options.onStart();
  phase = 'measured';
  const startedAt = performance.now();
  const progress = setInterval(() => options.onProgress(latenciesMs.length, failures.length), 1_000);
  await pause(options.measureMs);
  phase = 'over';
  const tookMs = performance.now() - startedAt;
  clearInterval(progress);
  await Promise.all(running);
  return { tookMs, latenciesMs, errors: failures.length, firstError: failures[0] ?? null };
}
