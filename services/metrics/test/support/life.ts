import {
  type Failure,
  newSession,
  type Priority,
  type SessionEventData,
  type StoredSessionEvent,
} from '@oio/contracts';
import {
  attemptToken,
  type DecisionContext,
  decide,
  decideCreate,
  failureOf,
  type SessionCommand,
  type SessionSnapshot,
} from '@oio/domain';
import { newId } from '@oio/runtime';

/** The life of one session, told by the real domain: each order adds to its history. */
export class Life {
  readonly id = newId();
  readonly history: StoredSessionEvent[] = [];
  #snapshot: SessionSnapshot;
  #nowMs: number;

  constructor({ startMs = Date.now() + 1_000, priority = 'medium' }: { startMs?: number; priority?: Priority } = {}) {
    this.#nowMs = startMs;
    const { events, next } = decideCreate(this.id, createdData(this.id, priority), this.#context());
    this.#snapshot = next;
    this.history.push(...events);
  }

  get snapshot(): SessionSnapshot {
    return this.#snapshot;
  }

  wait(seconds: number): this {
    this.#nowMs += seconds * 1_000;
    return this;
  }

  order(command: SessionCommand, cause?: DecisionContext['cause']): this {
    const decision = decide(this.#snapshot, command, { ...this.#context(), ...(cause && { cause }) });
    if (decision.kind !== 'events') throw new Error(`"${command.name}" led to nothing.`);
    this.#snapshot = decision.next;
    this.history.push(...decision.events);
    return this;
  }

  dispatch(): this {
    return this.order({ name: 'dispatch', payload: { serverId: 'one', schedulerEpoch: 1 } });
  }

  step(stepId: string): this {
    const step = {
      stepId,
      finish: 'stop',
      tools: [],
      tokens: TOKENS,
      costUsd: 0.25,
      apiErrors: 1,
      model: 'test/large',
    };
    return this.order({ name: 'report-step', payload: { token: this.#token, step, resume: RESUME } });
  }

  complete(): this {
    return this.order({
      name: 'report-completed',
      payload: { token: this.#token, steps: [], resume: RESUME, result: null, commit: null },
    });
  }

  fail(facts: Partial<Failure> = {}): this {
    const failure = { ...failureOf('rate_limited'), ...facts };
    return this.order({ name: 'report-failed', payload: { token: this.#token, steps: [], resume: RESUME, failure } });
  }

  get #token(): string {
    if (!this.#snapshot.attempt) throw new Error('It has not run yet.');
    return attemptToken(this.#snapshot.attempt);
  }

  #context(): DecisionContext {
    const now = new Date(this.#nowMs).toISOString();
    return { now, cause: { kind: 'system', id: 'test' }, commandId: newId(), epoch: 1, random: 0.5, messageId: 'msg' };
  }
}

const TOKENS = { input: 100, output: 20, reasoning: 5, cacheRead: 50, cacheWrite: 10 };
const RESUME = {
  openCodeSessionId: null,
  lastMessageId: null,
  fileSnapshot: null,
  todos: [],
  tokens: TOKENS,
  costUsd: 0,
};

function createdData(id: string, priority: Priority): SessionEventData<'session.created'> {
  return {
    tenant: 'acme',
    createdBy: 'ada',
    session: {
      ...newSession.parse({ title: 'Add a parser', prompt: 'Add a parser.', priority }),
      id,
      maxDurationSeconds: 3_600,
      approvalSeconds: 900,
    },
    place: { directory: '/project', workspace: 'worktree', repository: null },
    policy: { checkpointIntervalSeconds: 300, maxRetries: 3 },
  };
}
