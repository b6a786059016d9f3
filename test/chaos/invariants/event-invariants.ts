import type { StoredSessionEvent } from '@oio/contracts';
import { partsOf, replay } from '@oio/domain';
import type { Part } from '../faults/fault.ts';
import { dueBy, type Span, type Window } from '../windows.ts';
import type { Evidence, Invariant } from './invariant.ts';

/** A committed event must be out by then; while something is disturbed that it needs, by then after its end. */
const OUT = { withinMs: 2_000, afterMs: 5_000 } as const;
/** What it needs to come out; and a machine that is not asked for five times as much as ever. */
const NEEDED: ReadonlySet<Part> = new Set(['actors', 'postgres', 'nats', 'load']);

/** What was published, held against what was committed, and what the history makes of a session. */
export const eventInvariants: readonly Invariant[] = [
  {
    id: 'I16',
    says: "Replaying a session's history through the pure function gives its stored state, byte for byte.",
    continuous: false,
    check: againstReplay,
  },
  {
    id: 'I17',
    says: 'Every committed event is published, soon, and nothing else is.',
    continuous: false,
    check: againstPublished,
  },
  {
    id: 'I18',
    says: 'Events of a session arrive in version order.',
    continuous: false,
    check: ({ observed }) =>
      Promise.resolve(observed.outOfOrder.map((id) => `event ${id} came first after a later one of its session`)),
  },
  {
    id: 'I17',
    says: 'No event is passed over.',
    continuous: true,
    check: skipped,
  },
  {
    id: 'I17',
    says: 'Nothing is published that is not committed.',
    continuous: true,
    check: publishedUncommitted,
  },
];

const HISTORIES = `select e.session_id as "sessionId", s.tenant, e.seq::int as seq, e.command_id as "commandId", e.epoch::int as epoch, e.cause,
  to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, e.type, e.data
from session_events e join sessions s on s.id = e.session_id where e.session_id = any($1::uuid[]) order by e.session_id, e.seq`;
const SESSIONS_AT_ONCE = 500;

async function againstReplay({ witness }: Evidence): Promise<readonly string[]> {
  const breaches: string[] = [];
  const sessions = await witness.query<{ id: string; state: string }>('select id::text, state::text from sessions');
  for (let start = 0; start < sessions.length; start += SESSIONS_AT_ONCE) {
    const some = sessions.slice(start, start + SESSIONS_AT_ONCE);
    const events = await witness.query<StoredSessionEvent>(HISTORIES, [some.map(({ id }) => id)]);
    const histories = Map.groupBy(events, ({ sessionId }) => sessionId);
    for (const { id, state } of some) {
      if (JSON.stringify(partsOf(replay(histories.get(id) ?? [])).state) !== state)
        breaches.push(`session ${id}: its history gives another state than the one that is stored`);
    }
  }
  return breaches;
}

const COMMITTED = `select session_id || ':' || seq as id, (extract(epoch from at) * 1000)::float8 as at from chaos.writes`;

async function againstPublished({ witness, observed, windows }: Evidence): Promise<readonly string[]> {
  const committed = await witness.query<{ id: string; at: number }>(COMMITTED);
  const concerned = windows.filter(({ touches }) => touches.some((part) => NEEDED.has(part)));
  return committed.flatMap(({ id, at }) => {
    const seen = observed.events.get(id);
    if (!seen) return [`event ${id} was committed and never published`];
    const lateMs = seen.publishedAt - at > OUT.withinMs ? seen.publishedAt - dueBy(at, concerned, OUT) : 0;
    if (lateMs <= 0) return [];
    const tookMs = Math.round(seen.publishedAt - at);
    const meanwhile = disturbances(windows, { from: at, to: seen.publishedAt });
    return [`event ${id} was published ${tookMs} ms after its commit, ${Math.round(lateMs)} ms late${meanwhile}`];
  });
}

/** What was disturbed in that time, or just before it, and from when to when, in milliseconds from its begin on. */
function disturbances(windows: readonly Window[], { from, to }: Span): string {
  const then = windows.filter((window) => window.from <= to && window.to + OUT.afterMs >= from);
  const said = then.map(
    (window) => `${window.fault} ${Math.round(window.from - from)}..${Math.round(window.to - from)}`,
  );
  return said.length === 0 ? '' : ` (${said.join(', ')})`;
}

/** What came after them has been out for this long: they were passed over. */
const PASSED_OVER_MS = 8_000;

/** What was under way when they began waits until they are over: for the bus, or for anybody to publish it. */
const HOLDS_UP = /^(nats|kill-all-actors$)/;

/** Seen while the run goes on: events that the relay has skipped, though nothing kept it from publishing them. */
async function skipped({ witness, observed, windows }: Evidence): Promise<readonly string[]> {
  const before = Date.now() - PASSED_OVER_MS;
  if (windows.some(({ fault, to }) => HOLDS_UP.test(fault) && to > before - PASSED_OVER_MS)) return [];
  const committed = await witness.query<{ id: string }>(RECENT);
  const lastOld = committed.findLastIndex(
    ({ id }) => (observed.events.get(id)?.seenAt ?? Number.POSITIVE_INFINITY) < before,
  );
  return committed
    .slice(0, Math.max(lastOld, 0))
    .flatMap(({ id }) => (observed.events.has(id) ? [] : [`event ${id} was passed over by the relay`]));
}

const RECENT = `select session_id || ':' || seq as id from session_events
where at > now() - interval '40 seconds' and xid < pg_snapshot_xmin(pg_current_snapshot()) order by xid, position`;

async function publishedUncommitted({ witness, observed }: Evidence): Promise<readonly string[]> {
  // What is seen by now was committed before, so that the table read afterwards must have it.
  const seen = [...observed.events.values()];
  const rows = await witness.query<{ id: string }>(
    `select session_id || ':' || seq || ':' || type || ':' || epoch || ':' || coalesce(command_id, '') as id from session_events`,
  );
  const committed = new Set(rows.map(({ id }) => id));
  return seen.flatMap(({ sessionId, seq, type, epoch, commandId }) =>
    committed.has(`${sessionId}:${seq}:${type}:${epoch}:${commandId ?? ''}`)
      ? []
      : [`event ${sessionId}:${seq} (${type}) was published and is not in the history like that`],
  );
}
