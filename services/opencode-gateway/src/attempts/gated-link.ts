import type { ShellCommand, SlashCommand } from '../agent-server/conversation-calls.ts';
import type { Prompt, SessionRef } from '../agent-server/sessions.ts';
import type { AgentServer } from '../ports.ts';
import type { ServerLink } from '../server-link.ts';
import { FRESH_MS, type RunGate } from './run-gate.ts';

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

/** A server as one run may use it: what changes something goes through the gate first. */
function gatedAgent(agent: AgentServer, gate: RunGate, signal: AbortSignal): AgentServer {
  const behindGate = createBehindGate(() => gate.pass(signal));
  const toWork = createBehindGate(() => gate.passToWork(signal));
  return {
    createSession: behindGate((session) => agent.createSession(session)),
    forkSession: behindGate((session, before) => agent.forkSession(session, before)),
    updateSession: behindGate((session, change) => agent.updateSession(session, change)),
    moveSession: behindGate((session, directory) => agent.moveSession(session, directory)),
    deleteSession: behindGate((session) => agent.deleteSession(session)),
    prompt: toWork((prompt) => endIfLate(agent, prompt, { gate, call: () => agent.prompt(prompt) })),
    resume: toWork((prompt) => endIfLate(agent, prompt, { gate, call: () => agent.resume(prompt) })),
    abort: behindGate((session) => agent.abort(session)),
    // Answers to what a turn waits for: a second one finds nothing that waits.
    replyPermission: (reply) => agent.replyPermission(reply),
    replyQuestion: (reply) => agent.replyQuestion(reply),
    rejectQuestion: (question) => agent.rejectQuestion(question),
    conversation: gatedConversation(agent, { behindGate, toWork }),
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

type BehindGate = ReturnType<typeof createBehindGate>;

function gatedConversation(
  { conversation: calls }: AgentServer,
  { behindGate, toWork }: { readonly behindGate: BehindGate; readonly toWork: BehindGate },
) {
  return {
    promptAndWait: toWork((prompt: Prompt, withinMs: number) => calls.promptAndWait(prompt, withinMs)),
    command: toWork((command: SlashCommand, withinMs: number) => calls.command(command, withinMs)),
    shell: toWork((command: ShellCommand, withinMs: number) => calls.shell(command, withinMs)),
    revert: behindGate((session: SessionRef, messageId: string) => calls.revert(session, messageId)),
    diff: (session: SessionRef, messageId: string) => calls.diff(session, messageId),
  };
}

function createBehindGate(pass: () => Promise<void>) {
  return <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await pass();
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
