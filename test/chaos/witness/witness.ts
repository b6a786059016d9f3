import { Pool, type PoolClient } from 'pg';
import { pause } from '../pause.ts';
import { WITNESS_SCHEMA } from './witness-schema.ts';

/** A point in the product's own transactions that can be slowed down: adding an event, a dispatch, the gate before a call. */
export type HoldPoint = 'event' | 'dispatch' | 'gate';

export interface Hold {
  /** Which part of the statements it meets. */
  readonly share?: number;
  /** The longest wait; each one is of a length between. */
  readonly ms?: number;
}

/** The harness's own eyes in the database, past all proxies. */
export class Witness implements AsyncDisposable {
  readonly #pool: Pool;

  private constructor(url: string) {
    this.#pool = new Pool({ connectionString: url, max: 4, connectionTimeoutMillis: 2_000, application_name: 'chaos' });
    this.#pool.on('error', () => {});
  }

  /** Enters a database whose schema is complete. */
  static async enter(url: string): Promise<Witness> {
    const witness = new Witness(url);
    for (const statement of WITNESS_SCHEMA) await witness.query(statement);
    return witness;
  }

  /** Asks until the database answers: it may be away because of a fault. Throws what it has against the statement itself. */
  async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    const endsAt = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return (await this.#pool.query<Row>(sql, [...parameters])).rows;
      } catch (error) {
        if (!isAway(error) || performance.now() > endsAt) throw error;
        await pause(AGAIN_MS);
      }
    }
  }

  /** The same, but null at once when the database does not answer. */
  async tryQuery<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[] | null> {
    return this.#pool.query<Row>(sql, [...parameters]).then(
      ({ rows }) => rows,
      () => null,
    );
  }

  /** Slows the product's statements down at one point until it is disposed of. */
  async slow(point: HoldPoint, { share = 1, ms = 0 }: Hold): Promise<AsyncDisposable> {
    await this.query(SET_HOLD, [point, share, ms, null, false]);
    return { [Symbol.asyncDispose]: () => this.#endHold(point) };
  }

  /** Fails a share of the product's statements at one point as a full disk does, until it is disposed of. */
  async fail(point: HoldPoint, { share = 1 }: Pick<Hold, 'share'>): Promise<AsyncDisposable> {
    await this.query(SET_HOLD, [point, share, 0, null, true]);
    return { [Symbol.asyncDispose]: () => this.#endHold(point) };
  }

  /** Keeps the product's statements waiting at one point until it is disposed of. */
  async block(point: HoldPoint): Promise<Barrier> {
    const client = await this.#pool.connect();
    client.on('error', () => {});
    const lock = LOCKS[point];
    await client.query('select pg_advisory_lock($1)', [lock]);
    await this.query(SET_HOLD, [point, 1, 0, lock, false]);
    return {
      waiting: async () => {
        const [row] = await this.query<{ count: number }>(WAITING, [lock]);
        return row?.count ?? 0;
      },
      [Symbol.asyncDispose]: async () => {
        await this.#endHold(point);
        await release(client, lock);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }

  async #endHold(point: HoldPoint): Promise<void> {
    await this.query('delete from chaos.holds where point = $1', [point]);
  }
}

export interface Barrier extends AsyncDisposable {
  /** How many statements wait at it. */
  waiting(): Promise<number>;
}

const PATIENCE_MS = 60_000;
const AGAIN_MS = 100;
const LOCKS: Readonly<Record<HoldPoint, number>> = { event: 990_001, dispatch: 990_002, gate: 990_003 };

const SET_HOLD = `insert into chaos.holds (point, share, ms, lock, fails) values ($1, $2, $3, $4, $5)
on conflict (point) do update set share = excluded.share, ms = excluded.ms, lock = excluded.lock, fails = excluded.fails`;

const WAITING = `select count(*)::int as count from pg_locks where locktype = 'advisory' and not granted and objid = $1`;

async function release(client: PoolClient, lock: number): Promise<void> {
  await client.query('select pg_advisory_unlock($1)', [lock]).catch(() => {});
  client.release(true);
}

/** Codes of SQLSTATE class 08, 53 and 57 and those of sockets: the server goes, comes or is full. */
function isAway(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  if (code !== undefined) return /^(?:08|53|57P|ECONN|EPIPE|ETIMEDOUT)/.test(code);
  return /terminated|timeout|closed/i.test(message ?? '');
}
