import type { SessionDetail, SessionView } from '@oio/contracts';
import { bash, createGate, type Gate, promptIncludes, type Script } from '@oio/scripted-model';
import type { Orchestrator } from './orchestrator.ts';
import { eventually } from './eventually.ts';

/** Appends a line: run twice, it leaves two. */
const COUNT = 'echo ran >> count.txt';
const END = { text: 'All is done.' };

/** Two ways of being in the middle of a turn, and one of not staying there. Each begins with a step that must run once. */
export interface Turns {
  readonly scripts: readonly Script[];
  /** Holds back the answer to the prompt "stall". */
  readonly gate: Gate;
}

export function makeTurns(): Turns {
  const gate = createGate();
  return {
    gate,
    scripts: [
      script('stall', [{ fault: { kind: 'stall', gate, answer: END } }, END]),
      // Lets itself go on by a file, and counts again at its end.
      script('wait', [{ toolCalls: [bash('while [ ! -e go ]; do sleep 0.2; done; echo waited >> count.txt')] }, END]),
      script('short', [END]),
    ],
  };
}

export function script(name: string, rest: Script['steps']): Script {
  return { name, matches: promptIncludes(name), steps: [{ toolCalls: [bash(COUNT)] }, ...rest] };
}

export async function submit(
  { client }: Pick<Orchestrator, 'client'>,
  prompt: string,
  more: Record<string, unknown> = {},
): Promise<SessionView> {
  return client.createSession({ title: `Do as "${prompt}" says`, prompt, ...more });
}

/** The session once its state is one of those named. Fails at once when it has ended otherwise. */
export function reaches(
  { client }: Pick<Orchestrator, 'client'>,
  id: string,
  status: SessionView['status'],
): Promise<SessionDetail> {
  return eventually(
    async () => {
      const session = await client.getSession({ id });
      if (session.status === status) return session;
      if (ENDED.has(session.status) && session.retryAt === null)
        throw new Error(`Session ended ${session.status}: ${JSON.stringify(session.failure)}`);
      return null;
    },
    { withinMs: 120_000, what: `session ${id} to be ${status}` },
  );
}

/** The session once it has finished its first step, which makes its second the present one. */
export function reachesSecondStep({ client }: Pick<Orchestrator, 'client'>, id: string): Promise<SessionDetail> {
  return eventually(
    async () => {
      const session = await client.getSession({ id });
      return (session.attempt?.steps ?? 0) >= 1 ? session : null;
    },
    { withinMs: 90_000, what: `the second step of session ${id}` },
  );
}

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'timeout', 'stopped', 'cancelled', 'orphaned']);
