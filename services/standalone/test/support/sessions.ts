import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionDetail, SessionView } from '@oio/contracts';
import { bash, createGate, type Gate, promptIncludes, type Script } from '@oio/scripted-model';
import { eventually } from '@oio/runtime/testing';
import type { Orchestrator } from './orchestrator.ts';
import { type FoundProcess, processesOf } from './processes.ts';

/** Appends a line: run twice, it leaves two. */
const COUNT = 'echo ran >> count.txt';
const END = { text: 'All is done.' };

/** Two ways of being in the middle of a turn, and one of not staying there. Each begins with a step that must run once. */
export interface Turns {
  readonly scripts: readonly Script[];
  /** Holds back the answer to the prompt that stalls. */
  readonly gate: Gate;
}

/** Further words set the prompts of one test apart from those of others. */
export function makeTurns(words = ''): Turns {
  const gate = createGate();
  return {
    gate,
    scripts: [
      script(`stall${words}`, [{ fault: { kind: 'stall', gate, answer: END } }, END]),
      // Lets itself go on by a file, and counts again at its end.
      script(`wait${words}`, [
        { toolCalls: [bash('while [ ! -e go ]; do sleep 0.2; done; echo waited >> count.txt')] },
        END,
      ]),
      script(`short${words}`, [END]),
      { name: 'nothing', matches: promptIncludes('nothing'), steps: [END] },
    ],
  };
}

function script(name: string, rest: Script['steps']): Script {
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

/** Resolves when it has been shown that nothing of the session's run works any more. */
export async function reachesClosed({ client }: Pick<Orchestrator, 'client'>, id: string): Promise<void> {
  await eventually(
    async () => (await client.getHistory({ id, limit: 200 })).events.at(-1)?.type === 'session.attempt-closed',
    // The product takes up to 20 s to show it.
    { what: `the end of the run of session ${id}`, withinMs: 25_000 },
  );
}

/** Resolves when the tool of a session that was told to "wait" runs. */
export async function toolRuns(directory: string): Promise<void> {
  await eventually(() => waitingTools(directory).length > 0, { what: `the tool in ${directory}` });
}

export function waitingTools(directory: string): readonly FoundProcess[] {
  return processesOf(directory).filter(({ command }) => command.includes('! -e go'));
}

export async function directoryOf({ client }: Pick<Orchestrator, 'client'>, id: string): Promise<string> {
  return (await client.getSession({ id })).workspaceInUse?.path ?? '';
}

/** What the steps of a session that count have left. */
export async function countOf(orchestrator: Pick<Orchestrator, 'client'>, id: string): Promise<string> {
  return readFile(join(await directoryOf(orchestrator, id), 'count.txt'), 'utf8');
}

/** Lets the tool of a session that was told to "wait" end. */
export async function letToolEnd(orchestrator: Pick<Orchestrator, 'client'>, id: string): Promise<void> {
  await writeFile(join(await directoryOf(orchestrator, id), 'go'), '');
}

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'timeout', 'stopped', 'cancelled', 'orphaned']);

/** The first submission waits for the server to open its first directory, which may take long under load. */
export async function warmUp(orchestrator: Pick<Orchestrator, 'client'>): Promise<void> {
  await eventually(() => submit(orchestrator, 'nothing').catch(() => null), {
    withinMs: 120_000,
    what: 'a warm server',
  });
}
