import type { Witness } from './witness/witness.ts';

/** An owner that was lost, and the sessions that it was working on by then. */
export interface Loss {
  readonly how: 'crash' | 'crash of all' | 'hang' | 'handover';
  readonly incarnation: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly sessions: readonly string[];
  /** The fault that did it. */
  readonly fault: string;
}

export interface Takeover {
  readonly loss: Loss;
  readonly sessionId: string;
  readonly ms: number;
}

const OWNED = `select s.id::text as id from sessions s where s.owner = $1::uuid and s.status in ('running', 'degraded')`;

/** What a worker works on at this moment. */
export async function workOf(witness: Witness, incarnation: string): Promise<readonly string[]> {
  return (await witness.query<{ id: string }>(OWNED, [incarnation])).map(({ id }) => id);
}

/** The first commit by another owner: its claim, which is written to the session's row as durably as what follows it. */
const NEXT = `select id, at from (
  select distinct on (session_id) session_id::text as id, status, (extract(epoch from at) * 1000)::float8 as at from chaos.claims
  where session_id = any($1::uuid[]) and at > to_timestamp($2::float8 / 1000) and owner is distinct from $3::uuid
  order by session_id, at) as first
where status in ('running', 'degraded')`;

/**
 * How long each session of a lost owner was without one. Those that had ended by themselves do not count: one is claimed when
 * somebody wants something of it, as a parent is when a child of it has been retried to success.
 */
export async function takeoversOf(witness: Witness, losses: readonly Loss[]): Promise<readonly Takeover[]> {
  const found = losses.map(async (loss) => {
    const rows = await witness.query<{ id: string; at: number }>(NEXT, [loss.sessions, loss.at, loss.incarnation]);
    return rows.map(({ id, at }) => ({ loss, sessionId: id, ms: at - loss.at }));
  });
  return (await Promise.all(found)).flat();
}

export interface Spread {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** Null without any figure. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = figures.map((figure) => Math.round(figure)).sort((a, b) => a - b);
  const at = (share: number): number | null =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? null };
}
