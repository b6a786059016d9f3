import type { AttemptOrder } from '@oio/contracts';

/** Whom a run acts for: the epoch of the owner and the number of the order. Both grow with each later order. */
export type Authority = Pick<AttemptOrder, 'epoch' | 'fence'>;

export interface GateQuestion extends Authority {
  readonly sessionId: string;
  /** At the beginning of a run: the run whose OpenCode session is asked for too, if there was one before; null later on. */
  readonly token: string | null;
  /** Whether an agent is to work by what is asked for: not let through once the session was stopped, paused or has ended. */
  readonly toWork: boolean;
}

export interface GateAnswer {
  readonly sessionId: string;
  /**
   * `open`: the call may be made now. `closed`: the session has another owner, whose order has to be waited for.
   * `superseded`: another gateway acts for the session. `stopped`: it is not to work any more. `busy`: ask again.
   */
  readonly state: 'open' | 'closed' | 'superseded' | 'stopped' | 'busy';
  /** No gateway has ever acted for the session before. */
  readonly first: boolean;
  /** The OpenCode session that the owner knows for the run that was asked for. */
  readonly openCodeSessionId: string | null;
}

/** Which gateway may act for a session, as the store knows it. Throws `UnavailableError`. */
export interface RunFences {
  /** For each session that is asked for, once: lets a call through and keeps off all earlier orders, in one statement. */
  pass(asked: readonly GateQuestion[]): Promise<readonly GateAnswer[]>;
  /** The other gateway that acted for a session last. */
  holder(sessionId: string): Promise<string | null>;
  /** Whether a session is to work now. */
  isWorking(sessionId: string): Promise<boolean>;
  /** Those of the runs that another gateway has taken over. */
  superseded(runs: readonly { readonly sessionId: string; readonly fence: number }[]): Promise<readonly string[]>;
}

export type Gate = (question: GateQuestion) => Promise<GateAnswer>;

const LARGEST_BATCH = 256;

interface Waiting {
  readonly question: GateQuestion;
  readonly resolve: (answer: GateAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Claims, which have to last, and later passes, which need not, are asked for apart. */
export function createGate(fences: Pick<RunFences, 'pass'>): Gate {
  const [claims, passes] = [inBatches(fences), inBatches(fences)];
  return (question) => (question.token === null ? passes : claims)(question);
}

/** Asks for many runs in one statement: while one is under way, further questions gather for the next. */
function inBatches(fences: Pick<RunFences, 'pass'>): Gate {
  let waiting: Waiting[] = [];
  let busy = false;

  const work = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = firstOfEach(waiting).slice(0, LARGEST_BATCH);
      waiting = waiting.filter((one) => !batch.includes(one));
      await answer(fences, batch);
    }
    busy = false;
  };

  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject });
      if (busy) return;
      busy = true;
      setImmediate(() => void work());
    });
}

/** One statement can write to a row once. */
function firstOfEach(waiting: readonly Waiting[]): readonly Waiting[] {
  const bySession = new Map<string, Waiting>();
  for (const one of waiting) if (!bySession.has(one.question.sessionId)) bySession.set(one.question.sessionId, one);
  return [...bySession.values()];
}

async function answer(fences: Pick<RunFences, 'pass'>, batch: readonly Waiting[]): Promise<void> {
  try {
    const answers = await fences.pass(batch.map(({ question }) => question));
    const bySession = new Map(answers.map((one) => [one.sessionId, one]));
    for (const { question, resolve, reject } of batch) {
      const found = bySession.get(question.sessionId);
      if (found) resolve(found);
      else reject(new Error(`The gate did not answer for session ${question.sessionId}.`));
    }
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
