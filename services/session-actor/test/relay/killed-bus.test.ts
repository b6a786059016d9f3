import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NatsServer, startNatsServer } from '@oio/backing-servers';
import { type StoredSessionEvent, sessionEvents } from '@oio/contracts';
import { createNatsBus } from '@oio/messaging';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { RelayStand } from '../support/relay-stand.ts';

const SESSIONS = 24;
const KILLS = 6;
/** At most so many events arrive between two kills: pages are read, under way or noted at any of them. */
const MOST_EVENTS = 1_500;

test('however often the server of the bus is killed, all that was committed arrives, in the order of each session', async (t) => {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'oio-test-relay-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const nats = stack.use(await startNatsServer({ directory }));
  const bus = stack.use(await createNatsBus({ url: nats.urlOf('session-actor'), name: 'session-actor' }));
  const ears = stack.use(await createNatsBus({ url: nats.urlOf('metrics'), name: 'metrics' }));
  const stand = stack.use(await RelayStand.open());

  const heard = new Map<string, Set<number>>();
  const hear = ({ sessionId, seq }: StoredSessionEvent): void => {
    heard.set(sessionId, (heard.get(sessionId) ?? new Set()).add(seq));
  };
  await ears.subscribe([sessionEvents['session.child-added']], { handler: hear });
  const relay = stand.start({ bus });
  const killed = new AbortController();
  const writers = Array.from({ length: SESSIONS }, () => write(stand, () => relay.hear([]), killed.signal));
  await killAgainAndAgain(nats, () => countOf(heard));
  killed.abort();
  const committed = new Map(await Promise.all(writers));
  const missing = (): string[] => missingIn(heard, committed);
  await eventually(() => missing().length === 0, { what: 'all events', withinMs: 20_000 }).catch(() => {});
  t.deepEqual(missing(), []);
  for (const [id, seqs] of heard) t.deepEqual([...seqs], [...(committed.get(id) ?? [])], `the order of ${id}`);
});

/** Adds events to a session of its own until it is told to end. */
async function write(stand: RelayStand, wake: () => void, signal: AbortSignal): Promise<[string, Set<number>]> {
  const id = await stand.session(0);
  const seqs = new Set<number>();
  for (let seq = 1; !signal.aborted; seq += 1) {
    await stand.append(id, seq);
    seqs.add(seq);
    wake();
  }
  return [id, seqs];
}

async function killAgainAndAgain(nats: NatsServer, arrived: () => number): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 1) {
    const enough = arrived() + Math.ceil(Math.random() * MOST_EVENTS);
    await eventually(() => arrived() >= enough, { what: 'more events', everyMs: 1 });
    await nats.kill();
    await nats.restart();
  }
}

function countOf(sessions: Seqs): number {
  return [...sessions.values()].reduce((sum, { size }) => sum + size, 0);
}

type Seqs = ReadonlyMap<string, ReadonlySet<number>>;

function missingIn(heard: Seqs, committed: Seqs): string[] {
  return [...committed].flatMap(([id, seqs]) =>
    [...seqs].filter((seq) => !heard.get(id)?.has(seq)).map((seq) => `${id}:${seq}`),
  );
}
