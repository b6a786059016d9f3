import { pause } from '../pause.ts';
import type { Invariant } from './invariant.ts';

/** What is counted is behind what is committed by half a second, and by more while the history is read again after a restart. */
const COUNTED_WITHIN_MS = 60_000;
const LOOK_MS = 500;

/** What the metrics service has counted, which may have been killed at any time and heard everything more than once. */
export const totalInvariants: readonly Invariant[] = [
  {
    id: 'I17',
    says: 'Every committed event is counted, and once.',
    continuous: false,
    async check({ witness, exposition }) {
      if (!exposition) return [];
      const giveUpAt = performance.now() + COUNTED_WITHIN_MS;
      for (;;) {
        const committed = await witness.query<{ what: string; count: number }>(COMMITTED);
        const counted = totalsOf(await exposition());
        const wrong = committed.filter(({ what, count }) => counted.get(what) !== count);
        if (wrong.length === 0 || performance.now() > giveUpAt)
          return wrong.map(({ what, count }) => `${what}: ${count} are committed, ${counted.get(what)} are counted`);
        await pause(LOOK_MS);
      }
    },
  },
];

/** Of each total that is compared the sum over all its labels but the status. */
export function totalsOf(text: string): ReadonlyMap<string, number> {
  const totals = new Map<string, number>();
  for (const [, name = '', labels = '', value] of text.matchAll(TOTAL)) {
    const status = /\bto="(\w+)"/.exec(labels)?.[1];
    const what = status ? `${name} ${status}` : name;
    totals.set(what, (totals.get(what) ?? 0) + Number(value));
  }
  return totals;
}

const TOTAL = /^oio_(session_transitions_total|sessions_accepted_total|session_steps_total)(\{.*\})? (\d+)$/gm;

const COMMITTED = `select what, count(*)::int as count from (
  select 'session_transitions_total ' || (data ->> 'to') as what from session_events
  union all select 'sessions_accepted_total' from session_events where type = 'session.created'
  union all select 'session_steps_total' from session_events where type = 'session.step-finished') as events
where what is not null group by what`;
