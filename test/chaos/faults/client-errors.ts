import type { Answer } from '../load/history.ts';
import type { Target } from '../target.ts';
import type { World } from '../world.ts';

/** The longest that a fault works on: the circuit of a server that failed too often is open for so long, and closes. */
const RECOVERED_MS = 65_000;
/** How long an http-gateway tries before it gives a request up: then the machine was too slow, whatever else there was. */
const ALL_PATIENCE_MS = 10_000;

/** A request to which its client got no answer, or one that blames the server. */
export interface FailedRequest extends Answer {
  readonly name: string;
}

/** All of them that ended since then. */
export function failedSince({ history }: World, from: number): readonly FailedRequest[] {
  return history.commands
    .flatMap(({ answers, name }) => answers.map((answer) => ({ ...answer, name })))
    .filter(({ at, status }) => at >= from && (status === null || status >= 500));
}

/** As breaches, of a fault by which no request may fail. What else is disturbed makes requests fail as well. */
export function failuresAlone(world: World, failed: readonly FailedRequest[], from: number): string[] {
  if (failed.length === 0 || !world.isAloneSince(from - RECOVERED_MS)) return [];
  const some = failed.slice(0, 5).map(({ name, status, code }) => `${name} ${status ?? 'no answer'} ${code}`);
  return [`${failed.length} requests failed: ${some.join(', ')}`];
}

/** Those for which the gateway had not yet tried as long as it does: no slowness explains them. */
export function failedEarly(failed: readonly FailedRequest[]): readonly FailedRequest[] {
  return failed.filter(({ ms }) => ms < ALL_PATIENCE_MS);
}

/** That none failed, as a target. */
export function noFailures(world: World, failed: readonly FailedRequest[], from: number): readonly Target[] {
  if (!world.isAloneSince(from - RECOVERED_MS)) return [];
  const figure = failed.length;
  return [{ name: `${world.fault} failed requests`, figure, limit: 0, unit: '', isMet: figure === 0 }];
}
