import type { SentCommand } from '../load/history.ts';
import type { Evidence, Invariant } from './invariant.ts';

/** While the run goes on only what has just been answered is looked at. */
const RECENT_MS = 10_000;

function isBetween(at: number, since: number): boolean {
  return at >= since && at <= Date.now();
}

interface Outcome {
  readonly key: string;
  readonly sessionId: string;
  readonly commandId: string;
  readonly seqs: readonly number[];
}

/** What clients were told, held against what the store says. */
export const clientInvariants: readonly Invariant[] = [
  {
    id: 'I8',
    says: 'Every command answered 2xx has exactly one outcome; a refused one has none.',
    continuous: true,
    async check(evidence) {
      const { history, final } = evidence;
      const since = Date.now() - RECENT_MS;
      const commands = final ? history.commands : history.commands.filter(({ endedAt }) => isBetween(endedAt, since));
      const outcomes = await outcomesOf(evidence, final ? null : commands.map(({ key }) => key));
      return commands.flatMap((command) => againstOutcome(command, outcomes.get(command.key)) ?? []);
    },
  },
  {
    id: 'I9',
    says: 'A command whose answer was lost gives the same outcome when it is repeated with the same key.',
    continuous: false,
    check: ({ history }) =>
      Promise.resolve([
        ...history.oddities.filter(({ id }) => id === 'I9').map(({ breach }) => breach),
        ...history.commands.flatMap((command) => contradiction(command) ?? []),
      ]),
  },
  {
    id: 'I10',
    says: 'The same key with another body is refused and changes nothing.',
    continuous: false,
    check: ({ history }) =>
      Promise.resolve(history.oddities.filter(({ id }) => id === 'I10').map(({ breach }) => breach)),
  },
  {
    id: 'I11',
    says: 'Commands of one session apply in the order in which they were accepted.',
    continuous: false,
    async check(evidence) {
      const outcomes = await outcomesOf(evidence);
      return inOrder(evidence.history.accepted, outcomes);
    },
  },
  {
    id: 'I12',
    says: 'Every accepted session comes to an end, and nothing of it is left running.',
    continuous: false,
    async check({ witness, history }) {
      const ids = [...new Set(history.accepted.flatMap(({ sessionId }) => sessionId ?? []))];
      const rows = await witness.query<{ breach: string }>(UNFINISHED, [ids]);
      return rows.map(({ breach }) => breach);
    },
  },
  {
    id: 'I31',
    says: 'Every accepted session is in the store, in one of the states.',
    continuous: false,
    async check({ witness, history }) {
      const ids = [...new Set(history.accepted.flatMap(({ sessionId }) => sessionId ?? []))];
      const rows = await witness.query<{ id: string }>(MISSING, [ids]);
      return rows.map(({ id }) => `session ${id} was accepted and is not there`);
    },
  },
];

const UNFINISHED = `select format('session %s is %s, its attempt %s', id, status, case when attempt_open then 'open' else 'closed' end) as breach
from sessions where id = any($1::uuid[])
  and (status in ('pending', 'queued', 'running', 'degraded', 'paused') or attempt_open) limit 20`;

const MISSING = `select id::text from unnest($1::uuid[]) as id where not exists (select 1 from sessions s where s.id = id) limit 20`;

const OUTCOMES = `select k.key, k.session_id::text as "sessionId", k.command_id as "commandId",
  coalesce(array_agg(e.seq::int order by e.seq) filter (where e.seq is not null), '{}') as seqs
from idempotency_keys k left join session_events e on e.session_id = k.session_id and e.command_id = k.command_id
where $1::text[] is null or k.key = any($1::text[])
group by k.key, k.session_id, k.command_id`;

/** What the store says about each key: the session, and the versions that its command made. */
async function outcomesOf(
  { witness }: Evidence,
  keys: readonly string[] | null = null,
): Promise<ReadonlyMap<string, Outcome>> {
  const rows = await witness.query<Outcome>(OUTCOMES, [keys]);
  return new Map(rows.map((row) => [row.key, row]));
}

function againstOutcome(command: SentCommand, outcome: Outcome | undefined): string | null {
  const count = outcome?.seqs.length ?? 0;
  const what = `${command.name} (key ${command.key}, session ${command.sessionId ?? outcome?.sessionId})`;
  if (command.outcome === 'accepted' && count !== 1) return `${what} was accepted and has ${count} outcomes`;
  if (command.outcome === 'refused' && count !== 0) return `${what} was refused and has ${count} outcomes`;
  return count > 1 ? `${what} has ${count} outcomes` : null;
}

/** One and the same command, once accepted and once refused for good. */
function contradiction({ name, key, answers }: SentCommand): string | null {
  const clear = answers.filter(({ status }) => status !== null && status < 500 && status !== 408 && status !== 429);
  const accepted = clear.filter(({ status }) => (status ?? 0) < 300).length;
  if (accepted === 0 || accepted === clear.length) return null;
  return `${name} under key ${key} was answered ${clear.map(({ status, code }) => `${status} ${code}`).join(', then ')}`;
}

function inOrder(commands: readonly SentCommand[], outcomes: ReadonlyMap<string, Outcome>): string[] {
  const bySession = Map.groupBy(commands, ({ sessionId }) => sessionId);
  const breaches: string[] = [];
  for (const [sessionId, ofSession] of bySession) {
    const sorted = [...ofSession].sort((a, b) => a.startedAt - b.startedAt);
    const seqs = sorted.flatMap(({ key }) => outcomes.get(key)?.seqs[0] ?? []);
    if (seqs.some((seq, index) => seq <= (seqs[index - 1] ?? 0)))
      breaches.push(`session ${sessionId}: ${sorted.map(({ name }) => name).join(', ')} applied at ${seqs.join(', ')}`);
  }
  return breaches;
}
