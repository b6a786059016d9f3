import type { ServerDemand } from './look-after.ts';

/** What is known of a managed server that is running. */
export interface ServerFigures {
  readonly ageSeconds: number;
  /** Of its whole process tree, the shells of its tools included. */
  readonly memoryMb: number;
  /** Directories that it was heard of working in. */
  readonly directories: number;
  readonly databaseMb: number;
  /** What the database had when the server was first seen running. */
  readonly databaseMbBefore: number;
}

/** When a server is started anew; 0 is never. */
export interface RecycleLimits {
  readonly ageSeconds: number;
  readonly memoryMb: number;
  readonly directories: number;
  readonly databaseMb: number;
  /** How long its turns may go on before they are broken off and resumed on the new start. */
  readonly drainSeconds: number;
}

export type RecycleCause = 'age' | 'memory' | 'directories' | 'database' | 'asked' | 'unconfirmed';

export interface Draining {
  readonly cause: RecycleCause;
  readonly sinceMs: number;
}

export interface Situation {
  readonly figures: ServerFigures;
  readonly draining: Draining | null;
  /** Null when the store cannot be asked. */
  readonly demand: ServerDemand | null;
  readonly nowMs: number;
}

export type Step =
  | { readonly type: 'serve' }
  | { readonly type: 'drain'; readonly cause: RecycleCause }
  | { readonly type: 'recycle'; readonly cause: RecycleCause };

/** Until everybody has heard that it takes no new attempts, one more can be on its way. */
const HEARD_MS = 5_000;
/** A new start shrinks the database only as far as something in it is free: it must be worth the trouble again. */
const GROWTH = 1.25;

/** What is to be done with a server: leave it, let its turns end, or start it anew. */
export function nextStep(situation: Situation, limits: RecycleLimits): Step {
  const { figures, draining, demand } = situation;
  if (demand?.suspended && draining?.cause !== 'unconfirmed') return endOf('unconfirmed', demand.working === 0);
  if (draining) return endOf(draining.cause, isDrained(draining, situation, limits));
  const cause = demand?.asked ? 'asked' : reachedLimit(figures, limits);
  return cause ? { type: 'drain', cause } : { type: 'serve' };
}

function endOf(cause: RecycleCause, isOver: boolean): Step {
  return { type: isOver ? 'recycle' : 'drain', cause };
}

function isDrained({ cause, sinceMs }: Draining, { demand, nowMs }: Situation, limits: RecycleLimits): boolean {
  const drainedMs = nowMs - sinceMs;
  if (drainedMs >= limits.drainSeconds * 1_000) return true;
  // At once when nothing else works there: somebody wants it ended.
  if (cause === 'unconfirmed') return demand?.working === 0;
  return demand?.running === 0 && drainedMs >= HEARD_MS;
}

/** Why no new attempt is given to it, in words. */
export function drainReason(cause: RecycleCause): string {
  return REASONS[cause];
}

const REASONS: Readonly<Record<RecycleCause, string>> = {
  age: 'It has run for long and will be started anew.',
  memory: 'It takes much memory and will be started anew.',
  directories: 'It has opened many directories and will be started anew.',
  database: 'Its database has grown large; it will be compacted and the server started anew.',
  asked: 'An operator has asked for it.',
  unconfirmed: 'A turn on it could not be shown to have ended; it will be started anew.',
};

function reachedLimit(figures: ServerFigures, limits: RecycleLimits): RecycleCause | null {
  const worth = figures.databaseMb >= GROWTH * figures.databaseMbBefore;
  if (isReached(figures.memoryMb, limits.memoryMb)) return 'memory';
  if (isReached(figures.directories, limits.directories)) return 'directories';
  if (worth && isReached(figures.databaseMb, limits.databaseMb)) return 'database';
  return isReached(figures.ageSeconds, limits.ageSeconds) ? 'age' : null;
}

function isReached(figure: number, limit: number): boolean {
  return limit > 0 && figure >= limit;
}
