import { randomUUID } from 'node:crypto';
import { openTestDatabase } from '@oio/persistence/testing';
import { History } from '../load/history.ts';
import { Witness } from '../witness/witness.ts';
import { INVARIANTS, look } from './catalogue.ts';
import type { Evidence } from './invariant.ts';

/** Those that are looked at while a run goes on. */
const LOOKED_AT = ['I1', 'I2', 'I3', 'I4', 'I6', 'I11', 'I13', 'I14', 'I15', 'I17'];

/** A database with the witness in it, into which rows are put by hand. */
export async function open() {
  const stack = new AsyncDisposableStack();
  const { url } = stack.use(await openTestDatabase());
  const witness = stack.use(await Witness.enter(url));
  const owner = randomUUID();
  const calls: Evidence['calls'][number][] = [];
  const events = new Map<string, Evidence['observed']['events'] extends ReadonlyMap<string, infer E> ? E : never>();
  const observed = { events, outOfOrder: [] };
  const known = { observed, exposition: null, calls, windows: [], losses: [] };
  const evidence: Evidence = { witness, history: new History(), ...known, final: false };
  const event = async (id: string, seq: number, type: string, epoch: number, data: object = {}): Promise<void> => {
    await witness.query('update sessions set version = $2 where id = $1', [id, seq]);
    await witness.query(EVENT, [id, seq, type, data, epoch]);
  };
  return {
    witness,
    evidence,
    calls,
    events,
    event,
    async session(history: readonly (readonly [type: string, epoch: number])[]) {
      const id = randomUUID();
      await witness.query(SESSION, [id, owner]);
      for (const [index, [type, epoch]] of history.entries()) await event(id, index + 1, type, epoch);
      return id;
    },
    /** What an invariant says of it at the end. */
    async breachesOf(id: string) {
      const all = INVARIANTS.filter((invariant) => invariant.id === id);
      return (await Promise.all(all.map((one) => one.check({ ...evidence, final: true })))).flat();
    },
    async broken() {
      const findings = await look(evidence, { final: false });
      return LOOKED_AT.filter((id) => (findings.get(id)?.length ?? 0) > 0);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const SESSION = `insert into sessions (id, tenant, status, priority, tags, directory, workspace, owner, owner_epoch, version, attempt_open, state, created_at, updated_at)
values ($1, 't', 'queued', 2, '{}', '/', 'in_place', $2, 1, 0, false, '{}', now(), now())`;

const EVENT = `insert into session_events (session_id, seq, type, data, epoch, cause, at) values ($1, $2, $3, $4, $5, '{}', now())`;
