import type { Script } from '@oio/scripted-model';
import { serverStateIn } from '../../faults/managed-server.ts';
import { openRealOrchestrator } from '../../faults/open-real-orchestrator.ts';
import type { Findings, ProofOptions } from '../proof.ts';
import { quantile, quantilesOf } from '../quantiles.ts';
import { IdleEvents, runDirectTurn } from './direct-turn.ts';
import { runOurTurn } from './our-turn.ts';

const WARM_UP = 10;
const PROMPT = 'Say that you are done.';
const BOUND_MS = 30;

const AT_ONCE: Script = { name: 'at-once', matches: () => true, steps: [{ text: 'Done.' }] };

/**
 * The same turn in turn directly and through the orchestrator: on the same server, in the same directory that is open
 * already, with the same model, agent and prompt, one at a time. What it adds is the difference of the two medians.
 */
export async function proveOverhead({ root, postgres, times, say }: ProofOptions): Promise<Findings> {
  await using orchestrator = await openRealOrchestrator({
    root,
    postgres,
    settings: { OPENCODE_SERVERS_MANAGED: '1' },
    scripts: [AT_ONCE],
  });
  const directory = await orchestrator.newDirectory();
  const server = await serverStateIn(orchestrator.serverDirectory);
  const direct: number[] = [];
  const ours: number[] = [];
  const seen: number[] = [];
  await using events = await IdleEvents.open(server);
  for (let turn = -WARM_UP; turn < times; turn += 1) {
    const directMs = await runDirectTurn(events, { server, directory, prompt: PROMPT });
    const our = await runOurTurn(orchestrator.client, directory, PROMPT);
    if (turn < 0) continue;
    direct.push(directMs);
    ours.push(our.dispatchedToCompletedMs);
    seen.push(our.submittedToSeenMs);
    if ((turn + 1) % 20 === 0)
      say(`${turn + 1} of ${times}: ${quantile(0.5, direct)} directly, ${quantile(0.5, ours)} ms by us`);
  }
  return findings({ direct, ours, seen });
}

interface Times {
  readonly direct: readonly number[];
  readonly ours: readonly number[];
  readonly seen: readonly number[];
}

function findings({ direct, ours, seen }: Times): Findings {
  const overheadP50Ms = Math.round((quantile(0.5, ours) - quantile(0.5, direct)) * 10) / 10;
  const figures = {
    directMs: quantilesOf(direct),
    dispatchedToCompletedMs: quantilesOf(ours),
    submittedToSeenMs: quantilesOf(seen),
    pairedDifferenceMs: quantilesOf(ours.map((ms, index) => ms - (direct[index] ?? 0))),
    overheadP50Ms,
    boundMs: BOUND_MS,
  };
  const lines = Object.entries(figures).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return { ok: overheadP50Ms <= BOUND_MS, lines, figures };
}
