import type { Status, StoredSessionEvent } from '@oio/contracts';
import { partsOf, replay, type SessionState, TRANSITIONS } from '@oio/domain';
import type { Database } from '@oio/persistence';

/** One query per invariant of the reliability rules; each row that it finds is a violation. */
const QUERIES = {
  'I1 gapless history up to the version': `
    select s.id from sessions s left join session_events e on e.session_id = s.id
    group by s.id having count(e.seq) <> s.version or max(e.seq) <> s.version or min(e.seq) <> 1`,
  'I1 version of the state': `select id from sessions where (state ->> 'version')::bigint <> version`,
  'I2 epochs never decrease': `
    select session_id, seq from (select session_id, seq, epoch, lag(epoch) over (partition by session_id order by seq) as before
      from session_events) e where before > epoch`,
  'I3 nothing is written under an epoch that nobody was given': `
    select e.session_id, e.seq from session_events e join sessions s on s.id = e.session_id where e.epoch > s.owner_epoch`,
  'I8 one outcome per command': `
    select session_id, command_id from session_events where command_id is not null group by 1, 2 having count(*) > 1`,
  'history without a session': `
    select session_id from session_events e where not exists (select 1 from sessions s where s.id = e.session_id)`,
} as const;

/** Everything in the database that breaks an invariant, in words. */
export async function brokenInvariants(database: Database): Promise<readonly string[]> {
  const found = await Promise.all(
    Object.entries(QUERIES).map(async ([name, sql]) =>
      (await database.query<object>(sql)).map((row) => `${name}: ${JSON.stringify(row)}`),
    ),
  );
  return [...found.flat(), ...(await brokenHistories(database))];
}

async function brokenHistories(database: Database): Promise<readonly string[]> {
  const rows = await database.query<{ state: SessionState; history: StoredSessionEvent[] }>(`
    select s.state, (select jsonb_agg(jsonb_build_object('sessionId', e.session_id, 'tenant', s.tenant, 'seq', e.seq,
      'commandId', e.command_id, 'epoch', e.epoch, 'cause', e.cause, 'type', e.type, 'data', e.data,
      'at', to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by e.seq)
      from session_events e where e.session_id = s.id) as history
    from sessions s`);
  return rows.flatMap(({ state, history }) => [
    ...(canonical(partsOf(replay(history)).state) === canonical(state) ? [] : [`I16 replay of ${state.id} differs`]),
    ...illegalTransitions(history).map((pair) => `I15 ${state.id} went ${pair}`),
  ]);
}

/** Also says when a transition does not start from where the one before it ended. */
function illegalTransitions(history: readonly StoredSessionEvent[]): string[] {
  let status: Status = 'pending';
  const illegal: string[] = [];
  for (const { data } of history) {
    if (!('from' in data)) continue;
    if (data.from !== status || !TRANSITIONS[data.from].includes(data.to)) illegal.push(`${data.from} to ${data.to}`);
    status = data.to;
  }
  return illegal;
}

/** JSON with sorted keys: jsonb does not keep their order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
