import type { Lane, LaneFacts } from './lane.ts';

export interface PositionParts {
  readonly lanes: readonly Lane[];
  /** When a tenant is served next in the class, in virtual time. */
  readonly startOf: (tenant: string) => number;
  readonly weightOf: (tenant: string) => number;
  /** Whether a row of its class comes before it by age. */
  readonly isBefore: (row: number) => boolean;
}

/** 1 for the first. Looks at all of its tenant in its class, so that it is for who asks, not for each decision. */
export function positionOf({ tenant, priority }: LaneFacts, parts: PositionParts): number {
  const { lanes, startOf, weightOf, isBefore } = parts;
  const higher = lanes.filter(({ facts }) => facts.priority < priority).map(({ rows }) => rows.size);
  const peers = lanes.filter(({ facts }) => facts.priority === priority);
  const own = peers.filter(({ facts }) => facts.tenant === tenant).flatMap(({ rows }) => rows.filter(isBefore));
  const turn = startOf(tenant) + own.length / weightOf(tenant);
  const waiting = new Map<string, number>();
  for (const { facts, rows } of peers) waiting.set(facts.tenant, (waiting.get(facts.tenant) ?? 0) + rows.size);
  waiting.delete(tenant);
  const others = [...waiting].map(([other, count]) =>
    Math.min(count, Math.max(0, Math.ceil((turn - startOf(other)) * weightOf(other)))),
  );
  return 1 + own.length + sum(higher) + sum(others);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
