import { setTimeout as delay } from 'node:timers/promises';
import { AppError, CancelledError } from '@oio/errors';
import type { ShellCommand, SlashCommand } from '../agent-server/conversation-calls.ts';
import type { Prompt, SessionRef } from '../agent-server/sessions.ts';
import type { AgentServer } from '../ports.ts';
import type { ServerLink } from '../server-link.ts';
import type { Authority, Gate, GateAnswer, RunFences } from './gate.ts';

/**
 * How old an answer of the gate may be when the call is made. Less than the silence after which another gateway is given
 * the run, so that a process that was stopped in between asks again.
 */
const FRESH_MS = 2_000;
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
  /** The same, unless it was passed a moment ago: before the run says or stores what another one could know better. */
  confirm(signal: AbortSignal): Promise<void>;
  /** The same at the beginning of a run: keeps off its predecessors, and tells how far they had come. */
  claim(signal: AbortSignal): Promise<GateAnswer>;
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
  const ask = async (token: string | null, signal: AbortSignal): Promise<GateAnswer> => {
    const answer = await passed(parts, token, signal);
    passedAtMs = performance.now();
    return answer;
  };
  return {
    async pass(signal) {
      // The claim was let through in this very turn of the event loop: nothing can have happened since.
      if (justClaimed) justClaimed = false;
      else await ask(null, signal);
    },
    async confirm(signal) {
      if (performance.now() - passedAtMs > FRESH_MS) await ask(null, signal);
    },
    isWorking: () => parts.fences.isWorking(parts.sessionId),
    async claim(signal) {
      const answer = await ask(parts.token, signal);
      justClaimed = true;
      setImmediate(() => {
        justClaimed = false;
      });
      return answer;
    },
  };
}

async function passed(parts: RunGateParts, token: string | null, signal: AbortSignal): Promise<GateAnswer> {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    signal.throwIfAborted();
    const answer = await freshAnswer(parts, token);
    if (answer?.state === 'open') return answer;
    if (answer?.state === 'superseded') throw superseded(parts.sessionId, 'Another gateway acts for it');
    if (performance.now() > giveUpAtMs) throw superseded(parts.sessionId, 'Nobody who owns it ordered it again');
    await delay(answer?.state === 'busy' ? BUSY_MS : ASK_AGAIN_MS, undefined, { signal });
  }
}

/** A permission that has grown old on its way is none; null while the database is away. */
async function freshAnswer({ gate, sessionId, authority }: RunGateParts, token: string | null) {
  const askedAtMs = performance.now();
  const answer = await gate({ sessionId, token, ...authority.present }).catch(orNotNow);
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

/** A server as one run may use it: what changes something goes through the gate first. */
function gatedAgent(agent: AgentServer, gate: RunGate, signal: AbortSignal): AgentServer {
  const behindGate = createBehindGate(gate, signal);
  return {
    createSession: behindGate((session) => agent.createSession(session)),
    forkSession: behindGate((session, before) => agent.forkSession(session, before)),
    updateSession: behindGate((session, change) => agent.updateSession(session, change)),
    moveSession: behindGate((session, directory) => agent.moveSession(session, directory)),
    deleteSession: behindGate((session) => agent.deleteSession(session)),
    prompt: behindGate((prompt) => endIfLate(agent, prompt, { gate, call: () => agent.prompt(prompt) })),
    resume: behindGate((prompt) => endIfLate(agent, prompt, { gate, call: () => agent.resume(prompt) })),
    abort: behindGate((session) => agent.abort(session)),
    // Answers to what a turn waits for: a second one finds nothing that waits.
    replyPermission: (reply) => agent.replyPermission(reply),
    replyQuestion: (reply) => agent.replyQuestion(reply),
    rejectQuestion: (question) => agent.rejectQuestion(question),
    conversation: gatedConversation(agent, behindGate),
    health: (asking) => agent.health(asking),
    refusesStrangers: () => agent.refusesStrangers(),
    directoriesSeen: () => agent.directoriesSeen(),
    agents: (directory) => agent.agents(directory),
    models: (directory) => agent.models(directory),
    getSession: (session) => agent.getSession(session),
    listSessions: (directory) => agent.listSessions(directory),
    children: (session) => agent.children(session),
    todos: (session) => agent.todos(session),
    message: (session, messageId) => agent.message(session, messageId),
    messages: (session) => agent.messages(session),
    activities: (directory) => agent.activities(directory),
    pendingPermissions: (directory) => agent.pendingPermissions(directory),
    pendingQuestions: (directory) => agent.pendingQuestions(directory),
    events: (options) => agent.events(options),
    hearing: () => agent.hearing(),
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  };
}

function gatedConversation({ conversation: calls }: AgentServer, behindGate: ReturnType<typeof createBehindGate>) {
  return {
    promptAndWait: behindGate((prompt: Prompt, withinMs: number) => calls.promptAndWait(prompt, withinMs)),
    command: behindGate((command: SlashCommand, withinMs: number) => calls.command(command, withinMs)),
    shell: behindGate((command: ShellCommand, withinMs: number) => calls.shell(command, withinMs)),
    revert: behindGate((session: SessionRef, messageId: string) => calls.revert(session, messageId)),
    diff: (session: SessionRef, messageId: string) => calls.diff(session, messageId),
  };
}

function createBehindGate(gate: RunGate, signal: AbortSignal) {
  return <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await gate.pass(signal);
      return call(...args);
    };
}

/**
 * Sets a turn to work. A process that was held up between the gate and the call may wake up a turn that another one has ended since. A session that
 * is to work is left alone: whoever acts for it knows what it has in the conversation.
 */
async function endIfLate(
  agent: AgentServer,
  { sessionId, directory }: SessionRef,
  { gate, call }: { readonly gate: RunGate; readonly call: () => Promise<void> },
): Promise<void> {
  const passedAtMs = performance.now();
  await call();
  const isLate = performance.now() - passedAtMs > FRESH_MS;
  if (isLate && !(await gate.isWorking())) await agent.abort({ sessionId, directory });
}

/** A link that gives out servers behind the gate. */
export function gatedLink(link: ServerLink, gate: RunGate, signal: AbortSignal): ServerLink {
  let known: { readonly agent: AgentServer; readonly gated: AgentServer } | null = null;
  return {
    serverId: link.serverId,
    agent: () => {
      const agent = link.agent();
      if (known?.agent !== agent) known = { agent, gated: gatedAgent(agent, gate, signal) };
      return known.gated;
    },
    get up() {
      return link.up;
    },
    get generation() {
      return link.generation;
    },
    waitUntilUp: (waiting) => link.waitUntilUp(waiting),
  };
}
