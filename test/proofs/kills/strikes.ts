import { eventually } from '@oio/runtime/testing';
import type { ScriptedModel } from '@oio/scripted-model';
import { pause } from '../../chaos/pause.ts';
import type { Random } from '../../chaos/random.ts';
import { serverStateIn } from '../../faults/managed-server.ts';
import type { Processes } from './start-processes.ts';

export type Victim = 'opencode-gateway' | 'opencode-server';

export interface Strike {
  readonly victim: Victim;
  /** How many sessions were at work just then. */
  readonly running: number;
  /** Until the model was asked again. */
  readonly backAfterMs: number;
}

export interface StrikesOptions {
  readonly processes: Processes;
  readonly model: ScriptedModel;
  readonly random: Random;
  readonly kills: number;
  readonly say: (line: string) => void;
}

/** About as long as a turn takes by itself, so that every moment of it may be hit. */
const TURN_MS = 7_000;
const AT_WORK_WITHIN_MS = 180_000;

/** Kills a gateway or the server, half of the times each, at random moments at which turns are under way again. */
export async function strike({ processes, model, random, kills, say }: StrikesOptions): Promise<Strike[]> {
  const half = Math.ceil(kills / 2);
  const victims = random.shuffled(
    Array.from({ length: kills }, (_, index): Victim => (index < half ? 'opencode-gateway' : 'opencode-server')),
  );
  const strikes: Strike[] = [];
  await askedAfter(model, 0);
  for (const victim of victims) {
    await pause(random.next() * TURN_MS);
    const running = await runningOnes(processes);
    const struckAtMs = Date.now();
    const who = victim === 'opencode-server' ? await killServer(processes) : await killGateway(processes, random);
    const backAfterMs = (await askedAfter(model, struckAtMs)) - struckAtMs;
    strikes.push({ victim, running, backAfterMs });
    say(`${strikes.length} of ${kills} kills: ${who}, with ${running} sessions at work, back after ${backAfterMs} ms`);
  }
  return strikes;
}

/** When the model was asked for the first time after that: a turn goes on. */
function askedAfter({ requests }: ScriptedModel, instantMs: number): Promise<number> {
  const asked = () => requests.find(({ atMs }) => atMs > instantMs)?.atMs;
  return eventually(asked, { what: 'a turn to go on after the kill', withinMs: AT_WORK_WITHIN_MS, everyMs: 50 });
}

/** One at least, unless all are between two turns just then. */
async function runningOnes({ client }: Processes): Promise<number> {
  const those = async (status: 'running' | 'degraded') => (await client.listSessions({ status })).sessions.length;
  const running = async (): Promise<number> => (await those('running')) + (await those('degraded'));
  return eventually(async () => (await running()) || null, { what: 'a running session', everyMs: 20 });
}

async function killServer({ serverDirectory }: Processes): Promise<string> {
  const { server } = await eventually(() => serverStateIn(serverDirectory), { what: 'the server to be started' });
  process.kill(server.pid, 'SIGKILL');
  return `the server (${server.pid})`;
}

/** Whoever watches over processes starts it again at once. */
async function killGateway({ gateways }: Processes, random: Random): Promise<string> {
  const { name, program } = random.pick(gateways);
  await program.kill();
  await program.start({ waits: false });
  return name;
}
