import type { StandInCall } from '../fleet/stand-in-call.ts';
import type { Evidence, Invariant } from './invariant.ts';
import { countsSince, type Passage, ungatedCalls } from './ungated-calls.ts';

/** What reached OpenCode, held against what the store allowed. */
export const opencodeInvariants: readonly Invariant[] = [
  {
    id: 'I4',
    says: 'A fenced owner starts no OpenCode call once the new epoch is committed.',
    continuous: true,
    check: (evidence) => staleCalls(evidence),
  },
  {
    id: 'I13',
    says: 'A prompt reaches OpenCode at most once per attempt; an ambiguous one is resolved by reading.',
    continuous: true,
    check: ({ calls }) => Promise.resolve(doubledPrompts(calls)),
  },
  {
    id: 'I14',
    says: 'A cancel accepted before an effect starts means that the effect never starts.',
    continuous: true,
    async check({ witness, calls }) {
      const cancelled = await witness.query<{ id: string }>(NEVER_RUN);
      const touched = new Set(calls.filter(isStart).map(({ sessionId }) => sessionId));
      return cancelled.flatMap(({ id }) =>
        touched.has(id) ? [`session ${id} was cancelled before it ran, and a prompt was sent for it`] : [],
      );
    },
  },
];

/** Calls that no gate let through under the epoch that was committed by then, in one line each. */
export async function staleCalls({ witness, calls, windows, final }: Evidence): Promise<readonly string[]> {
  const passed = await witness.query<{ breach: string }>(PASSED_STALE);
  // While the run goes on only what has just been called is looked at.
  const from = final ? Number.NEGATIVE_INFINITY : Date.now() - RECENT_MS;
  const recent = calls.filter(({ atMs }) => atMs >= from);
  // The calls were read before: the passage of each is in the table by now.
  const since = final ? 0 : countsSince(from, windows) - CLOCKS_APART_MS;
  const passages = await witness.query<Passage>(PASSAGES, [since]);
  return [
    ...passed.map(({ breach }) => breach),
    ...ungatedCalls(recent, passages, windows).map(
      ({ kind, sessionId, atMs }) =>
        `session ${sessionId}: ${kind} at ${new Date(atMs).toISOString()} without having passed the gate`,
    ),
  ];
}

/** How often a message id was posted with a text and stored, beyond the first time: also where the answer to the first was lost. */
export function doubledPrompts(calls: readonly StandInCall[]): string[] {
  const stored = calls.filter(({ kind, faultWhen }) => kind === 'prompt' && faultWhen !== 'before');
  return [...Map.groupBy(stored, ({ messageId }) => messageId)].flatMap(([messageId, posts]) =>
    posts.length > 1 ? [`message ${messageId} of session ${posts[0]?.sessionId} was posted ${posts.length} times`] : [],
  );
}

const RECENT_MS = 30_000;
const CLOCKS_APART_MS = 1_000;

function isStart({ kind }: StandInCall): boolean {
  return kind === 'prompt' || kind === 'resume';
}

/** A fence is the epoch in millions, plus a count. */
const PASSED_STALE = `select format('session %s: a call was let through under epoch %s while the epoch was %s', session_id, fence / 1000000, owner_epoch) as breach
from chaos.gates where fence / 1000000 is distinct from owner_epoch limit 20`;

const PASSAGES = `select session_id::text as "sessionId", (extract(epoch from at) * 1000)::float8 as at,
  case when not is_lasting then 'pass'
    when exists (select 1 from chaos.gates e where e.session_id = g.session_id and e.position < g.position) then 'claim'
    else 'first' end as kind
from chaos.gates g where at >= to_timestamp($1::float8 / 1000) order by at, position`;

const NEVER_RUN = `select session_id::text as id from session_events e
where type = 'session.cancelled' and not exists (
  select 1 from session_events r where r.session_id = e.session_id and r.type = 'session.running')`;
