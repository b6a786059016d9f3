import type { AttemptOrder, ModelCall } from '@oio/contracts';
import { NotFoundError } from '@oio/errors';
import type { SessionEvent } from '../agent-server/events.ts';
import type { TurnMessage } from '../agent-server/messages.ts';
import type { SessionRef } from '../agent-server/sessions.ts';
import type { AgentServer } from '../ports.ts';
import { CallErrors } from '../turn/call-errors.ts';
import { type EndedCall, endedCalls } from '../turn/ended-calls.ts';
import { turnOf } from '../turn/turn.ts';
import type { Reporter } from './report.ts';
import { type Conversations, descendants } from './stop-turn.ts';

/** The most that one report may tell of. */
const CALLS_PER_REPORT = 500;
/** The tool by which an agent opens a session for another one. */
const TASK = 'task';

export interface TurnAccountParts {
  readonly order: Pick<AttemptOrder, 'messageId' | 'counted'>;
  readonly ref: SessionRef;
}

/** A turn as it was read. */
export interface ReadTurn {
  readonly messages: readonly TurnMessage[];
  /** Whether sub-agents that no event told of count too. */
  readonly all: boolean;
  /** All its conversations, where they were read already. */
  readonly conversations?: Conversations | null;
}

/**
 * What a turn takes beside its own steps: the steps of its sub-agents, whose sessions have messages of their own, and calls
 * that failed for good. Bills from finished messages only, each once: OpenCode's own totals leave out sub-sessions, and fall.
 */
export class TurnAccount {
  readonly #parts: TurnAccountParts;
  readonly #errors = new CallErrors();
  /** By conversation: its last message that was told of. The owner knows it too, and drops what comes twice. */
  readonly #told: Map<string, string>;
  /** Conversations of sub-agents in which something has ended since they were read. */
  readonly #stale = new Set<string>();
  #hasSubAgents = false;

  constructor(parts: TurnAccountParts) {
    this.#parts = parts;
    this.#told = new Map(Object.entries(parts.order.counted));
  }

  noteEvent(event: SessionEvent): void {
    this.#errors.noteEvent(event);
    if (event.sessionId === this.#parts.ref.sessionId) return;
    this.noteSubAgent();
    if (event.type === 'step_finished' || event.type === 'error') this.#stale.add(event.sessionId);
  }

  noteSubAgent(): void {
    this.#hasSubAgents = true;
  }

  /** The provider has failed so often for the message that the turn waits for. */
  noteTry(number: number): void {
    this.#errors.noteTry(this.#parts.ref.sessionId, number);
  }

  /** How many calls failed before a step was answered; each is told once. */
  errorsBefore(messageId: string): number {
    return this.#errors.take(this.#parts.ref.sessionId, messageId);
  }

  /** Tells what is new. */
  async tell(agent: AgentServer, reporter: Reporter, found: ReadTurn) {
    const calls = [...this.#ownCalls(found.messages), ...(await this.#callsOfSubAgents(agent, found))];
    for (let start = 0; start < calls.length; start += CALLS_PER_REPORT) {
      const some = calls.slice(start, start + CALLS_PER_REPORT);
      await reporter.report('report-usage', some.at(-1)?.messageId ?? '', { calls: some });
      for (const { openCodeSessionId, messageId } of some) this.#told.set(openCodeSessionId, messageId);
    }
  }

  /** Of its own conversation the steps are reported by themselves. */
  #ownCalls(messages: readonly TurnMessage[]): ModelCall[] {
    const replies = turnOf(messages, this.#parts.order.messageId)?.replies ?? [];
    const failed = endedCalls(replies).filter(({ outcome }) => outcome !== 'answered');
    return this.#news(this.#parts.ref.sessionId, failed);
  }

  async #callsOfSubAgents(agent: AgentServer, found: ReadTurn): Promise<readonly ModelCall[]> {
    const { ref, order } = this.#parts;
    const firstId = turnOf(found.messages, order.messageId)?.firstId ?? order.messageId;
    const read = [...(found.conversations ?? (await this.#read(agent, found)))];
    const ofSubAgents = read.filter(([sessionId]) => sessionId !== ref.sessionId);
    // What was not read is read the next time.
    for (const [sessionId] of ofSubAgents) this.#stale.delete(sessionId);
    return ofSubAgents.flatMap(([sessionId, messages]) =>
      this.#news(sessionId, endedCalls(messages.filter(({ id }) => id > firstId))),
    );
  }

  async #read(agent: AgentServer, { messages, all }: ReadTurn): Promise<Conversations> {
    const { directory } = this.#parts.ref;
    const stale = [...this.#stale].map((sessionId) => ({ sessionId, directory }));
    const refs = all ? await this.#subAgents(agent, messages) : stale;
    return new Map(await Promise.all(refs.map(async (ref) => [ref.sessionId, await messagesOf(agent, ref)] as const)));
  }

  async #subAgents(agent: AgentServer, messages: readonly TurnMessage[]): Promise<readonly SessionRef[]> {
    return this.#hasSubAgents || messages.some(hasTask) ? descendants(agent, this.#parts.ref) : [];
  }

  #news(openCodeSessionId: string, ended: readonly EndedCall[]): ModelCall[] {
    const told = this.#told.get(openCodeSessionId) ?? '';
    return ended
      .filter(({ messageId }) => messageId > told)
      .map(({ messageId, model, outcome, tokens, costUsd }) => {
        const apiErrors = this.#errors.take(openCodeSessionId, messageId) + (outcome === 'refused' ? 1 : 0);
        const apiCalls = apiErrors + (outcome === 'answered' ? 1 : 0);
        return { openCodeSessionId, messageId, model, tokens, costUsd, apiCalls, apiErrors };
      })
      .filter(({ apiCalls }) => apiCalls > 0);
  }
}

function hasTask({ parts }: TurnMessage): boolean {
  return parts.some((part) => part.type === 'tool' && part.tool === TASK);
}

/** One that was deleted meanwhile has none any more. */
async function messagesOf(agent: AgentServer, ref: SessionRef): Promise<readonly TurnMessage[]> {
  return agent.messages(ref).catch((error: unknown) => {
    if (error instanceof NotFoundError) return [];
    throw error;
  });
}
