import { setTimeout as delay } from 'node:timers/promises';
import type { StopProof } from '@oio/contracts';
import { AppError, NotFoundError, TimeoutError } from '@oio/errors';
import type { EndedProcesses } from '../managed-server/end-turn-processes.ts';
import type { TurnMessage } from '../agent-server/messages.ts';
import type { SessionRef } from '../agent-server/sessions.ts';
import type { AgentServer } from '../ports.ts';
import { fingerprintOf } from '../turn/turn-reader.ts';
import { promptIdIn } from './open-session.ts';
import { within } from './when-up.ts';

const LOOK_AGAIN_MS = 150;
/** So many readings in a row have to show that nothing works, and nothing may change between them. */
const READINGS = 3;
/** A prompt that was taken counts as idle until its run is registered. An abort before that has no effect. */
const REGISTERED_WITHIN_MS = 3_000;

/** What conversations hold, by their sessions. */
export type Conversations = ReadonlyMap<string, readonly TurnMessage[]>;

export interface StoppedTurn {
  readonly proof: StopProof;
  /** As they were read last, its own and those of its sub-sessions: what was done is written down by then. */
  readonly conversations: Conversations;
}

/** Ends what the tools of these OpenCode sessions have left running; null where that cannot be seen. */
export type EndTurnProcesses = (openCodeSessionIds: readonly string[]) => Promise<EndedProcesses | null>;

export interface StopOptions {
  /** When a prompt was last handed over, in `performance.now()`; null when none was for long. */
  readonly sentAtMs: number | null;
  readonly endProcesses: EndTurnProcesses;
  readonly signal: AbortSignal;
  /** Waits until the turn may be touched; what that takes is not counted. Default: it may. */
  readonly mayAct?: (signal: AbortSignal) => Promise<void>;
  /**
   * A prompt that a predecessor may have been about to send when it was stopped. If it is not there, it may still come and
   * begin to work: the conversation is deleted then, so that it finds none.
   */
  readonly latePrompt?: string | null;
  /** For how long a proof is looked for, in milliseconds. */
  readonly proveWithinMs: number;
}

/**
 * Ends a turn with its sub-sessions and its processes, and looks until it is shown that nothing of it works any more. Throws
 * `TimeoutError` code `turn_not_stopped` with what stood in the way.
 */
export async function stopTurn(agent: () => AgentServer, ref: SessionRef, options: StopOptions): Promise<StoppedTurn> {
  const { proveWithinMs, signal, mayAct } = options;
  const turn = new EndingTurn(agent, ref, options);
  let giveUpAtMs = Math.max(performance.now(), turn.settledAtMs) + proveWithinMs;
  for (let trouble = 'OpenCode did not answer.'; ; ) {
    signal.throwIfAborted();
    const askedAtMs = performance.now();
    await mayAct?.(signal);
    const lookedAtMs = performance.now();
    giveUpAtMs += lookedAtMs - askedAtMs;
    try {
      const leftMs = giveUpAtMs - lookedAtMs;
      const outcome = await within(turn.look(), { ms: leftMs, message: trouble, signal });
      if (typeof outcome !== 'string') return outcome;
      trouble = outcome;
    } catch (error) {
      if (!(error instanceof AppError && error.retryable)) throw error;
      trouble = error.message;
    }
    if (performance.now() > giveUpAtMs) throw new TimeoutError(trouble, { code: 'turn_not_stopped' });
    // From one beginning to the next: a server that takes its time to answer has been looked at for as long.
    await delay(Math.max(0, lookedAtMs + LOOK_AGAIN_MS - performance.now()), undefined, { signal });
  }
}

/** A turn that is being ended, over several readings. */
class EndingTurn {
  readonly #agent: () => AgentServer;
  readonly #ref: SessionRef;
  readonly #options: StopOptions;
  /** Before that it cannot be told whether it has begun. */
  readonly settledAtMs: number;
  readonly #aborted = new Set<string>();
  #family: readonly SessionRef[];
  #working: ReadonlySet<string> = new Set();
  #idleAt = '';
  #readings = 0;
  #seen = '';
  #conversations: Conversations = new Map();
  #deleted = false;
  /** By their numbers. */
  readonly #ended = new Map<number, string>();

  constructor(agent: () => AgentServer, ref: SessionRef, options: StopOptions) {
    this.#agent = agent;
    this.#ref = ref;
    this.#options = options;
    this.#family = [ref];
    this.settledAtMs = options.sentAtMs === null ? 0 : options.sentAtMs + REGISTERED_WITHIN_MS;
  }

  /** One more reading: the proof, or what it lacks. What it asks it asks at once, as each answer of a busy server takes its time. */
  async look(): Promise<StoppedTurn | string> {
    const agent = this.#agent();
    if (this.#readings === 0) await this.#abortAll(agent);
    // What tools have left is ended while the server is asked once more whether they are over.
    const ending = this.#readings > 0 ? this.#endProcesses() : null;
    const [family, seen, processes] = await Promise.all([this.#familyNow(agent), this.#read(agent), ending]);
    const isLarger = family.some(({ sessionId }) => !this.#aborted.has(sessionId));
    this.#family = family;
    if (isLarger || this.#working.size > 0 || performance.now() < this.settledAtMs) return this.#notYet();
    this.#noteIdle(seen);
    if (this.#readings < READINGS) return 'It was not idle for long enough.';
    if (processes && processes.left.length > 0) return leftInWords(processes);
    await this.#shutOutLatePrompt(agent);
    return { proof: this.#proof(processes !== null), conversations: this.#conversations };
  }

  #noteIdle(seen: string): void {
    if (this.#readings === 0 || seen !== this.#seen) {
      this.#readings = 0;
      this.#idleAt = new Date().toISOString();
    }
    this.#seen = seen;
    this.#readings += 1;
  }

  /** What was not aborted yet, and what works in spite of it; the sub-sessions as soon as they are known. */
  async #abortAll(agent: AgentServer): Promise<void> {
    const isNew = ({ sessionId }: SessionRef): boolean => !this.#aborted.has(sessionId);
    const due = this.#family.filter((session) => isNew(session) || this.#working.has(session.sessionId));
    const asked = new Set(due.map(({ sessionId }) => sessionId));
    const abortOthers = async (): Promise<void> => {
      this.#family = await this.#familyNow(agent);
      await this.#abort(
        agent,
        this.#family.filter((session) => isNew(session) && !asked.has(session.sessionId)),
      );
    };
    await Promise.all([this.#abort(agent, due), abortOthers()]);
  }

  async #abort(agent: AgentServer, sessions: readonly SessionRef[]): Promise<void> {
    await Promise.all(
      sessions.map(async (session) => {
        await agent.abort(session);
        this.#aborted.add(session.sessionId);
      }),
    );
  }

  async #familyNow(agent: AgentServer): Promise<readonly SessionRef[]> {
    const known = this.#family.filter(({ sessionId }) => sessionId !== this.#ref.sessionId);
    return [this.#ref, ...(await descendants(agent, this.#ref, known))];
  }

  /** What every session does, by its own directory, and how far its messages are. */
  async #read(agent: AgentServer): Promise<string> {
    const family = this.#family;
    const directories = [...new Set(family.map(({ directory }) => directory))];
    const [activities, messages] = await Promise.all([
      Promise.all(directories.map((directory) => agent.activities(directory))),
      Promise.all(family.map((session) => messagesOf(agent, session))),
    ]);
    const isAtWork = ({ sessionId }: SessionRef): boolean =>
      activities.some((those) => (those.get(sessionId)?.type ?? 'idle') !== 'idle');
    this.#conversations = new Map(family.map(({ sessionId }, index) => [sessionId, messages[index] ?? []]));
    this.#working = new Set(family.filter(isAtWork).map(({ sessionId }) => sessionId));
    return messages.map(fingerprintOf).join('\n');
  }

  #notYet(): string {
    this.#readings = 0;
    const isSettled = performance.now() >= this.settledAtMs;
    if (this.#working.size === 0) return isSettled ? 'It has opened a sub-session.' : 'It may not have begun yet.';
    return `${[...this.#working].join(', ')} went on after being aborted.`;
  }

  async #shutOutLatePrompt(agent: AgentServer): Promise<void> {
    const { latePrompt = null } = this.#options;
    if (latePrompt === null) return;
    const session = await agent.getSession(this.#ref);
    if (!session || (await agent.message(this.#ref, promptIdIn(session, latePrompt)))) return;
    await agent.deleteSession(this.#ref);
    this.#deleted = true;
  }

  async #endProcesses(): Promise<EndedProcesses | null> {
    const processes = await this.#options.endProcesses(this.#family.map(({ sessionId }) => sessionId));
    for (const { pid, name } of processes?.ended ?? []) this.#ended.set(pid, name);
    return processes;
  }

  #proof(areProcessesSeen: boolean): StopProof {
    const ended = [...this.#ended].slice(0, LISTED).map(([pid, name]) => ({ pid, name }));
    return {
      aborted: [...this.#aborted].slice(0, LISTED),
      children: this.#family.slice(1, LISTED).map(({ sessionId }) => sessionId),
      idleAt: this.#idleAt,
      readings: this.#readings,
      conversationDeleted: this.#deleted,
      processes: areProcessesSeen ? ended : null,
    };
  }
}

function leftInWords({ left }: EndedProcesses): string {
  const names = left.map(({ pid, name }) => `${name} (${pid})`);
  return `Processes of its tools cannot be ended: ${names.join(', ')}.`;
}

/** A proof names so many sessions and processes at most. */
const LISTED = 100;

/** Of a run that had not opened a conversation yet. */
export function nothingToStop(): StopProof {
  const idleAt = new Date().toISOString();
  return { aborted: [], children: [], idleAt, readings: 0, conversationDeleted: false, processes: null };
}

/** The proof in words. */
export function proofInWords({ aborted, readings, processes, conversationDeleted }: StopProof): string {
  if (aborted.length === 0) return 'It had not begun.';
  const sessions = `${aborted.length} OpenCode session${aborted.length === 1 ? '' : 's'}`;
  const ended =
    processes === null
      ? 'its processes cannot be seen from here'
      : `${processes.length || 'no'} process${processes.length === 1 ? '' : 'es'} of its tools had to be ended`;
  const deleted = conversationDeleted ? ' Its prompt had not arrived, and the conversation was deleted.' : '';
  return `Aborted; ${sessions} seen idle ${readings} times in a row; ${ended}.${deleted}`;
}

/** Of a session that is not known, or no longer, there are none. */
async function messagesOf(agent: AgentServer, session: SessionRef): Promise<readonly TurnMessage[]> {
  return agent.messages(session).catch((error: unknown) => {
    if (error instanceof NotFoundError) return [];
    throw error;
  });
}

/** The sub-sessions of a session, at whatever depth. Those that are known are asked for theirs at once, and not one after the other. */
export async function descendants(
  agent: AgentServer,
  ref: SessionRef,
  known: readonly SessionRef[] = [],
): Promise<readonly SessionRef[]> {
  const asked = [ref, ...known].map(async (one) => [one.sessionId, await childrenOf(agent, one)] as const);
  const answers = new Map(await Promise.all(asked));
  const below = async (session: SessionRef): Promise<readonly SessionRef[]> => {
    const children = answers.get(session.sessionId) ?? (await childrenOf(agent, session));
    const deeper = await Promise.all(children.map(below));
    return [...children, ...deeper.flat()];
  };
  return below(ref);
}

/** A session that is not known, or no longer, has none. */
async function childrenOf(agent: AgentServer, ref: SessionRef): Promise<readonly SessionRef[]> {
  const children = await agent.children(ref).catch((error: unknown) => {
    if (error instanceof NotFoundError) return [];
    throw error;
  });
  return children.map(({ id, directory }) => ({ sessionId: id, directory }));
}
