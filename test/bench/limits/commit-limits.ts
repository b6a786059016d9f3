import { randomUUID } from 'node:crypto';
import { newSession } from '@oio/contracts';
import { decide, decideCreate, type SessionSnapshot } from '@oio/domain';
import { commitSessions, type Database, openDatabase } from '@oio/persistence';
import { submission } from '../client/submission.ts';
import { type Rate, type RateOptions, rateOf } from './rate.ts';

/** How many statements of a kind, of one row each or of a batch of sessions. */
export interface CommitRates {
  readonly single: Rate;
  readonly batched: Rate;
  readonly batch: number;
}

const CONNECTIONS = 16;
const BATCH = 64;
const LANES = 2;

/** What this Postgres commits, without anybody else; in a database of its own, which is gone afterwards. */
export async function measureCommits(databaseUrl: string, options: Omit<RateOptions, 'lanes'>): Promise<CommitRates> {
  await using server = await openDatabase(databaseUrl, { connections: 1 });
  await server.query('create database bench_limits');
  const url = new URL(databaseUrl);
  url.pathname = '/bench_limits';
  try {
    return await measureIn(url.href, options);
  } finally {
    await server.query('drop database bench_limits with (force)');
  }
}

async function measureIn(databaseUrl: string, options: Omit<RateOptions, 'lanes'>): Promise<CommitRates> {
  await using database = await openDatabase(databaseUrl, { connections: CONNECTIONS });
  await database.query('create table bench_rows (id int primary key, value int not null)');
  await database.query(`insert into bench_rows select id, 0 from generate_series(0, ${CONNECTIONS - 1}) id`);
  const single = (lane: number): Promise<unknown> =>
    database.query('update bench_rows set value = value + 1 where id = $1', [lane], { prepared: 'bench_single' });
  const singleRate = await rateOf(single, { ...options, lanes: CONNECTIONS });
  const batches = await Promise.all(Array.from({ length: LANES }, () => bornSessions(database)));
  const batched = async (lane: number): Promise<void> => {
    batches[lane] = await checkpointAll(database, batches[lane] ?? []);
  };
  return { single: singleRate, batched: await rateOf(batched, { ...options, lanes: LANES }), batch: BATCH };
}

const CONTEXT = { cause: { kind: 'system', id: 'bench' }, epoch: 1, random: 0, messageId: 'msg_bench' } as const;
const OWNER = randomUUID();

async function bornSessions(database: Database): Promise<readonly SessionSnapshot[]> {
  const births = Array.from({ length: BATCH }, () => {
    const id = randomUUID();
    const session = { ...newSession.parse(submission('/bench')), id, maxDurationSeconds: 3_600, approvalSeconds: 900 };
    const place = { directory: '/bench', workspace: 'in_place' as const, repository: null };
    const policy = { checkpointIntervalSeconds: 300, maxRetries: 3 };
    const data = { tenant: 'bench', createdBy: 'bench', session, place, policy };
    return decideCreate(id, data, { ...CONTEXT, now: new Date().toISOString(), commandId: randomUUID() });
  });
  await commit(database, births);
  const running = births.map(({ next }) =>
    decided(next, { name: 'dispatch', payload: { serverId: 'none', schedulerEpoch: null } }),
  );
  return commit(database, running);
}

function checkpointAll(database: Database, snapshots: readonly SessionSnapshot[]): Promise<readonly SessionSnapshot[]> {
  return commit(
    database,
    snapshots.map((snapshot) => decided(snapshot, { name: 'checkpoint', payload: { data: { turn: 1 } } })),
  );
}

type Decided = ReturnType<typeof decideCreate>;

function decided(snapshot: SessionSnapshot, command: Parameters<typeof decide>[1]): Decided {
  const decision = decide(snapshot, command, { ...CONTEXT, now: new Date().toISOString(), commandId: randomUUID() });
  if (decision.kind !== 'events') throw new Error(`Nothing comes of ${command.name}.`);
  return decision;
}

async function commit(database: Database, decisions: readonly Decided[]): Promise<readonly SessionSnapshot[]> {
  const batch = decisions.map(({ next, events }) => {
    const fromVersion = next.version - events.length;
    return { next, events, epoch: 1, fromVersion, owner: OWNER, schedulerEpoch: null };
  });
  const committed = await commitSessions(database, batch);
  if (committed.size !== batch.length) throw new Error(`${batch.length - committed.size} sessions were not committed.`);
  return decisions.map(({ next }) => next);
}
