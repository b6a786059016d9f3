import type { Plant } from './plants/plant.ts';
import { type ChaosOptions, runChaos } from './run-chaos.ts';

/** With the time to warm up and to come to rest that is less than the minute within which a defect must show. */
const SECONDS = 34;
const SHOWS_WITHIN_MS = 60_000;

/** Plants each defect in turn and sees whether the harness notices. True when it noticed all of them. */
export async function prove(options: ChaosOptions, wanted: readonly Plant[]): Promise<boolean> {
  const missed: string[] = [];
  for (const plant of wanted) {
    const caught = await isCaught(options, plant);
    process.stdout.write(`${caught ? 'caught' : 'MISSED'}  ${plant.name}  ${caught ?? ''}\n`);
    if (!caught) missed.push(plant.name);
  }
  process.stdout.write(`${wanted.length - missed.length} of ${wanted.length} planted defects were caught\n`);
  return missed.length === 0;
}

/** The breach by which it was caught; null when none of those that it must show was seen. */
async function isCaught(options: ChaosOptions, plant: Plant): Promise<string | null> {
  const run = { ...options, plant, faults: plant.faults, atOnce: 1, seconds: SECONDS, stopsAt: plant.breaks };
  const { findings, problems, shownAfterMs } = await runChaos(run);
  if (shownAfterMs > SHOWS_WITHIN_MS) return null;
  const after = `after ${Math.round(shownAfterMs / 1_000)} s, `;
  for (const id of plant.breaks) {
    const [breach] = findings.get(id) ?? [];
    if (breach) return `${after}${id}: ${breach}`;
  }
  const problem = problems.find((line) => plant.breaks.some((name) => line.startsWith(`${name}: `)));
  return problem ? `${after}${problem}` : null;
}
