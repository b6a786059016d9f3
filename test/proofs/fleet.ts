import type { SessionDetail } from '@oio/contracts';
import { bash, createGate, promptIncludes, type Script } from '@oio/scripted-model';
import type { Client } from '@oio/sdk';
import { openRealOrchestrator } from '../faults/open-real-orchestrator.ts';
import { makeRepository } from './make-repository.ts';
import type { Findings, ProofOptions } from './proof.ts';
import { ServerSamples } from './server-samples.ts';

const SERVERS = 3;
const WITHIN_MS = 900_000;

/** Sessions in worktrees of their own, of which none goes on before all are at work. */
export async function proveFleet({ root, postgres, times, say }: ProofOptions): Promise<Findings> {
  const meeting = meetingOf(times, say);
  const settings = {
    OPENCODE_SERVERS_MANAGED: String(SERVERS),
    OPENCODE_SERVER_CAPACITY: String(Math.ceil(times / SERVERS)),
    MAX_CONCURRENT_SESSIONS: String(times),
  };
  await using orchestrator = await openRealOrchestrator({ root, postgres, settings, scripts: [meeting.script] });
  say('three servers are up');
  const { client } = orchestrator;
  using samples = new ServerSamples(client);
  const directory = await orchestrator.newDirectory();
  await makeRepository(directory);
  const beganAtMs = performance.now();
  const seconds = (): number => Math.round((performance.now() - beganAtMs) / 100) / 10;
  let allAtWorkAfterSeconds: number | null = null;
  void meeting.complete.then(() => {
    allAtWorkAfterSeconds = seconds();
  });
  const sessions = await Promise.all(
    Array.from({ length: times }, async (_, index) => {
      const last = await runOne(client, directory, index);
      say(`session ${index + 1}: ${last.status}`);
      return last;
    }),
  );
  return findings(sessions, samples, { allAtWorkAfterSeconds, finishedAfterSeconds: seconds() });
}

/** A turn with tools before and after the point at which all meet. */
function meetingOf(count: number, say: (line: string) => void) {
  const gate = createGate();
  const complete = Promise.withResolvers<void>();
  let waiting = 0;
  const pass = async (signal: AbortSignal): Promise<void> => {
    waiting += 1;
    say(`${waiting} of ${count} are at work at once`);
    if (waiting === count) {
      complete.resolve();
      gate.release();
    }
    await gate.pass(signal).finally(() => {
      waiting -= 1;
    });
  };
  const script: Script = {
    name: 'meet',
    matches: promptIncludes('Meet the others'),
    steps: [
      { text: 'I make a file.', toolCalls: [bash('echo first > first.txt')] },
      {
        fault: {
          kind: 'stall',
          gate: { ...gate, pass },
          after: 'I wait.',
          answer: { toolCalls: [bash('echo second > second.txt')] },
        },
      },
      { text: 'Done.' },
    ],
  };
  return { script, complete: complete.promise };
}

async function runOne(client: Client, directory: string, index: number): Promise<SessionDetail> {
  const draft = { title: `Meet the others ${index + 1}`, prompt: 'Meet the others.', directory };
  const { id } = await client.createSession({ ...draft, workspace: 'worktree' });
  const ended = client.ended(id, { signal: AbortSignal.timeout(WITHIN_MS) });
  return ended.catch(() => client.getSession({ id }));
}

function findings(
  sessions: readonly SessionDetail[],
  samples: ServerSamples,
  times: Readonly<Record<string, number | null>>,
): Findings {
  const done = sessions.filter(({ status, commit }) => status === 'completed' && commit !== null).length;
  const byServer = Object.groupBy(sessions, ({ attempt }) => attempt?.serverId ?? 'none');
  const peaks = Object.values(Object.groupBy(samples.all, ({ serverId }) => serverId));
  const figures = {
    sessions: sessions.length,
    completedWithTheirCommit: done,
    sessionsByServer: Object.values(byServer).map((some) => some?.length),
    ...times,
    peakMemoryMbByServer: peaks.map((some = []) => Math.max(...some.map(({ memoryMb }) => memoryMb))),
    peakMemoryMbTogether: samples.peakTogetherMb,
  };
  const wrong = sessions
    .filter(({ status }) => status !== 'completed')
    .map(({ id, status, failure }) => `${id} is ${status}: ${failure?.message ?? ''}`);
  const lines = Object.entries(figures).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const ok = done === sessions.length && done > 0 && times['allAtWorkAfterSeconds'] !== null;
  return { ok, lines: [...wrong, ...lines], figures };
}
