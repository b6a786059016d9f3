import type { SessionDetail } from '@oio/contracts';
import { bash, type Script } from '@oio/scripted-model';
import type { Client } from '@oio/sdk';
import { inLanes } from '../faults/on-stand-ins.ts';
import { openRealOrchestrator } from '../faults/open-real-orchestrator.ts';
import { makeRepository } from './make-repository.ts';
import type { Findings, ProofOptions } from './proof.ts';
import { type Sample, ServerSamples } from './server-samples.ts';

const AT_ONCE = 4;
const WITHIN_MS = 600_000;
/** Each session is a directory more, which costs the server 45 MB for good. */
const DIRECTORIES = 20;
const MEMORY_MB = 1_536;
/** The sessions that are at work when the limit is reached go on; each opens at most one directory more, and its tools take some. */
const WHILE_DRAINING_MB = 512;

const ONE_FILE: Script = {
  name: 'one-file',
  matches: ({ prompts }) => prompts.some((said) => said.includes('Make one file')),
  steps: [{ text: 'I make a file.', toolCalls: [bash('echo made > made.txt')] }, { text: 'Done.' }],
};

/** Many sessions, each in a worktree of its own, over one managed server whose limits are low. */
export async function proveRecycling({ root, postgres, times, say }: ProofOptions): Promise<Findings> {
  const settings = {
    OPENCODE_SERVERS_MANAGED: '1',
    OPENCODE_SERVER_CAPACITY: String(AT_ONCE),
    OPENCODE_RECYCLE_DIRECTORIES: String(DIRECTORIES),
    OPENCODE_RECYCLE_MEMORY_MB: String(MEMORY_MB),
    OPENCODE_RECYCLE_DATABASE_MB: '4',
  };
  await using orchestrator = await openRealOrchestrator({ root, postgres, settings, scripts: [ONE_FILE] });
  const { client } = orchestrator;
  const directory = await orchestrator.newDirectory();
  await makeRepository(directory);
  using samples = new ServerSamples(client);
  const ended: SessionDetail[] = [];
  const numbers = Array.from({ length: times }, (_, index) => index + 1);
  await inLanes(AT_ONCE, numbers, async (number) => {
    const last = await runOne(client, directory, number);
    ended.push(last);
    const now = samples.all.at(-1);
    say(`${ended.length} of ${times}: ${last.status}; ${now?.memoryMb} MB, ${now?.directories} directories`);
  });
  return findings(ended, samples.all);
}

async function runOne(client: Client, directory: string, number: number): Promise<SessionDetail> {
  const draft = { title: `Make file ${number}`, prompt: 'Make one file.', directory };
  const { id } = await client.createSession({ ...draft, workspace: 'worktree' });
  const ended = client.ended(id, { signal: AbortSignal.timeout(WITHIN_MS) });
  return ended.catch(() => client.getSession({ id }));
}

/** One start of the server, from the first look at it to the last. */
interface Generation {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly peakMemoryMb: number;
  readonly peakDatabaseMb: number;
  readonly directories: number;
}

function generationsIn(samples: readonly Sample[]): Generation[] {
  const starts = Object.values(Object.groupBy(samples, ({ startedAt }) => startedAt ?? 'down'));
  return starts.map((some = []) => ({
    fromSeconds: some[0]?.atSeconds ?? 0,
    toSeconds: some.at(-1)?.atSeconds ?? 0,
    peakMemoryMb: Math.max(...some.map(({ memoryMb }) => memoryMb)),
    peakDatabaseMb: Math.max(...some.map(({ databaseMb }) => databaseMb)),
    directories: Math.max(...some.map((one) => one.directories)),
  }));
}

function findings(sessions: readonly SessionDetail[], samples: readonly Sample[]): Findings {
  const generations = generationsIn(samples);
  const completed = sessions.filter(({ status }) => status === 'completed').length;
  const peakMemoryMb = Math.max(...generations.map((one) => one.peakMemoryMb));
  const boundMb = MEMORY_MB + WHILE_DRAINING_MB;
  const figures = {
    sessions: sessions.length,
    completed,
    limits: { directories: DIRECTORIES, memoryMb: MEMORY_MB },
    starts: generations.length,
    peakMemoryMb,
    boundMb,
    generations,
  };
  const lines = [
    ...sessions
      .filter(({ status }) => status !== 'completed')
      .map(({ id, status, failure }) => `${id} is ${status}: ${failure?.message ?? ''}`),
    `${completed} of ${sessions.length} sessions completed over ${generations.length} starts of the server`,
    `at most ${peakMemoryMb} MB of ${boundMb}`,
    ...generations.map(
      (one) =>
        `${one.fromSeconds}-${one.toSeconds} s: ${one.directories} directories, at most ${one.peakMemoryMb} MB, database ${one.peakDatabaseMb} MB`,
    ),
  ];
  const wasRecycled = generations.length > sessions.length / (2 * DIRECTORIES);
  return { ok: completed === sessions.length && peakMemoryMb <= boundMb && wasRecycled, lines, figures };
}
