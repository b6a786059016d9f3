import { setTimeout as delay } from 'node:timers/promises';
import { AppError, CancelledError } from '@oio/errors';
import type { Authority, Gate, GateAnswer, GateQuestion, RunFences } from './gate.ts';
import { StaleRunError } from './report.ts';

/**
 * How old an answer of the gate may be when the call is made. Less than the silence after which another gateway is given
 * the run, so that a process that was stopped in between asks again.
 */
export const FRESH_MS = 2_000;
const ASK_AGAIN_MS = 500;
const BUSY_MS = 5;
/** Without a newer order for this long the run is given up; a living owner orders it again. */
const PATIENCE_MS = 60_000;

/** Another gateway acts for the session, or nobody orders its run any more: this one has to let go of it. */
export class SupersededError extends CancelledError {}

/** The authority of a run, which grows while it goes on: a new owner orders what is under way again. */
export class RunAuthority {
  #present: Authority;

  constructor({ epoch, fence }: Authority) {
    this.#present = { epoch, fence };
  }

  get present(): Authority {
    return this.#present;
  }

  /** Takes over what is newer; the rest is an old message. */
  raise({ epoch, fence }: Authority): void {
    if (fence > this.#present.fence) this.#present = { epoch, fence };
  }
}

/** The gate of one run: to be passed right before each call that changes something on OpenCode. */
export interface RunGate {
  /** Throws `SupersededError`, or the signal's reason. Waits while the database is away or the owner has lost the session. */
  pass(signal: AbortSignal): Promise<void>;
  /** The same before an agent is set to work. Throws `StaleRunError` once the session is not to work any more. */
  passToWork(signal: AbortSignal): Promise<void>;
  /** The same, unless it was passed a moment ago: before the run says or stores what another one could know better. */
  confirm(signal: AbortSignal): Promise<void>;
  /** Keeps off whoever acted for the session before, and tells how far they had come. */
  claim(signal: AbortSignal): Promise<GateAnswer>;
  /** The same at the beginning of a run. Throws `StaleRunError` once the session is not to work any more. */
  claimToWork(signal: AbortSignal): Promise<GateAnswer>;
  /** Whether the session is to work now, whoever acts for it. */
  isWorking(): Promise<boolean>;
}

export interface RunGateParts {
  readonly gate: Gate;
  readonly fences: Pick<RunFences, 'isWorking'>;
  readonly sessionId: string;
  readonly token: string;
  readonly authority: RunAuthority;
}

export function createRunGate(parts: RunGateParts): RunGate {
  let justClaimed = false;
  let passedAtMs = Number.NEGATIVE_INFINITY;
  const ask = async (question: Asked, signal: AbortSignal): Promise<GateAnswer> => {
    const answer = await passed(parts, question, signal);
    passedAtMs = performance.now();
    return answer;
  };
  const pass = async (toWork: boolean, signal: AbortSignal): Promise<void> => {
    // The claim was let through in this very turn of the event loop: nothing can have happened since.
    if (justClaimed) justClaimed = false;
    else await ask({ token: null, toWork }, signal);
  };
  const claim = async (toWork: boolean, signal: AbortSignal): Promise<GateAnswer> => {
    const answer = await ask({ token: parts.token, toWork }, signal);
    justClaimed = true;
    setImmediate(() => {
      justClaimed = false;
    });
    return answer;
  };
  return {
    pass: (signal) => pass(false, signal),
    passToWork: (signal) => pass(true, signal),
    async confirm(signal) {
      if (performance.now() - passedAtMs > FRESH_MS) await ask({ token: null, toWork: false }, signal);
    },
    claim: (signal) => claim(false, signal),
    claimToWork: (signal) => claim(true, signal),
    isWorking: () => parts.fences.isWorking(parts.sessionId),
  };
}

type Asked = Pick<GateQuestion, 'token' | 'toWork'>;

async function passed(parts: RunGateParts, asked: Asked, signal: AbortSignal): Promise<GateAnswer> {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    signal.throwIfAborted();
    const answer = await freshAnswer(parts, asked);
    if (answer?.state === 'open') return answer;
    if (answer) assertNotOver(parts.sessionId, answer);
    if (performance.now() > giveUpAtMs) throw superseded(parts.sessionId, 'Nobody who owns it ordered it again');
    await delay(answer?.state === 'busy' ? BUSY_MS : ASK_AGAIN_MS, undefined, { signal });
  }
}

/** Throws when there will never be a pass: `SupersededError` or `StaleRunError`. */
function assertNotOver(sessionId: string, { state }: GateAnswer): void {
  if (state === 'superseded') throw superseded(sessionId, 'Another gateway acts for it');
  if (state === 'stopped')
    throw new StaleRunError(`Session ${sessionId} is not to work any more.`, { code: 'stale_run' });
}

/** A permission that has grown old on its way is none; null while the database is away. */
async function freshAnswer({ gate, sessionId, authority }: RunGateParts, asked: Asked) {
  const askedAtMs = performance.now();
  const answer = await gate({ sessionId, ...asked, ...authority.present }).catch(orNotNow);
  const isOld = performance.now() - askedAtMs >= FRESH_MS;
  return answer?.state === 'open' && isOld ? { ...answer, state: 'busy' as const } : answer;
}

/** A database that is away is waited for: without it nobody else can take the session either. */
function orNotNow(error: unknown): null {
  if (error instanceof AppError && error.retryable) return null;
  throw error;
}

function superseded(sessionId: string, why: string): SupersededError {
  return new SupersededError(`The run of session ${sessionId} is given up: ${why}.`, { code: 'superseded' });
}
