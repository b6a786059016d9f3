import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@oio/runtime/testing';
import { startScriptedModel } from '@oio/scripted-model';
import { createRandom } from '../../chaos/random.ts';
import { serverStateIn } from '../../faults/managed-server.ts';
import type { Findings, ProofOptions } from '../proof.ts';
import { quantilesOf } from '../quantiles.ts';
import { runLanes, type TracedSession } from './busy-lanes.ts';
import { readConversation, workingIn } from './conversation.ts';
import { judge, type Judgement } from './judge.ts';
import { type Processes, startProcesses } from './start-processes.ts';
import { type Strike, strike } from './strikes.ts';
import { TRACE, TRACED_TURN } from './traced-turns.ts';

/** The most sessions at the same time; a short run has fewer, whose directories need not all be opened. */
const LANES = 3;

/** Kills gateways and the real server at random moments of running turns, then compares what is said with what was done. */
export async function proveKills({ root, postgres, seed, times, say }: ProofOptions): Promise<Findings> {
  await using model = await startScriptedModel({ scripts: [TRACED_TURN] });
  await using processes = await startProcesses({ root, postgres, model, say });
  const { client, workDirectory } = processes;
  const over = new AbortController();
  const running = runLanes({ client, workDirectory, lanes: Math.min(LANES, Math.ceil(times / 2)), over: over.signal });
  const struck = strike({ processes, model, random: createRandom(seed), kills: times, say });
  // Whichever fails first ends both.
  const strikes = await Promise.race([struck, running.then(() => struck)]).finally(() => over.abort());
  say('no further kills; the last sessions end');
  const sessions = await running;
  return findings(strikes, await judgeAll(processes, sessions));
}

async function judgeAll({ serverDirectory }: Processes, sessions: readonly TracedSession[]) {
  const server = await eventually(() => serverStateIn(serverDirectory), { what: 'the server' });
  const judgements: Judgement[] = [];
  for (const session of sessions) {
    const { directory, last } = session;
    const id = last.attempt?.openCodeSessionId;
    const messages = id ? await readConversation(server, { id, directory }) : [];
    const trace = await readFile(join(directory, TRACE), 'utf8').catch(() => '');
    judgements.push(judge(session, messages, trace.split('\n')));
  }
  const directories = [...new Set(sessions.map(({ directory }) => directory))];
  const working = (await Promise.all(directories.map((directory) => workingIn(server, directory)))).flat();
  return { judgements, stillWorking: working.map((id) => `OpenCode session ${id} is still at work`) };
}

function findings(
  strikes: readonly Strike[],
  { judgements, stillWorking }: Awaited<ReturnType<typeof judgeAll>>,
): Findings {
  const untrue = [...judgements.flatMap((one) => one.untrue), ...stillWorking];
  const doubled = judgements.flatMap(({ doubledPrompts }) => doubledPrompts);
  const repeated = judgements.flatMap(({ repeatedTools }) => repeatedTools);
  const states = Object.groupBy(judgements, ({ status }) => status);
  const figures = {
    kills: { gateway: countOf(strikes, 'opencode-gateway'), server: countOf(strikes, 'opencode-server') },
    serverKilledUntilAtWorkAgainMs: timesOf(strikes, 'opencode-server'),
    sessions: judgements.length,
    states: Object.fromEntries(Object.entries(states).map(([state, all]) => [state, all?.length])),
    untrueStates: untrue.length,
    promptsDoubled: doubled.length,
    finishedToolsRunAgain: repeated.length,
    brokenOffToolsBegunAnew: judgements.reduce((sum, { begunAnew }) => sum + begunAnew, 0),
    ofThoseEndedUnstored: judgements.reduce((sum, { endedUnstored }) => sum + endedUnstored, 0),
  };
  const lines = Object.entries(figures).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const wrong = [...untrue, ...doubled, ...repeated];
  return { ok: wrong.length === 0 && judgements.length > 0, lines: [...wrong, ...lines], figures };
}

/** A turn goes on without its gateway, so that only the server is missed. */
function timesOf(strikes: readonly Strike[], victim: Strike['victim']) {
  return quantilesOf(strikes.filter((one) => one.victim === victim).map(({ backAfterMs }) => backAfterMs));
}

function countOf(strikes: readonly Strike[], victim: Strike['victim']): number {
  return strikes.filter((one) => one.victim === victim).length;
}
