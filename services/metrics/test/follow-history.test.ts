import type { StoredSessionEvent } from '@oio/contracts';
import { UnavailableError } from '@oio/errors';
import { createLogger } from '@oio/runtime';
import test from 'ava';
import { EventLedger } from '../src/event-ledger.ts';
import { HistoryFollower } from '../src/follow-history.ts';
import type { HistoryPage, HistoryPlace } from '../src/ports.ts';
import { Life } from './support/life.ts';

const logger = createLogger('test', { level: 'silent' });

/** A follower on a store whose pages come as `pageAfter` says, and what it has counted. */
function rig(
  pageAfter: (from: HistoryPlace | null, follower: HistoryFollower) => Promise<readonly StoredSessionEvent[]>,
) {
  const counted: number[] = [];
  const ledger = new EventLedger({ history: { between: async () => [] }, capacity: 10, logger });
  const page = async (from: HistoryPlace | null): Promise<HistoryPage> => {
    const events = await pageAfter(from, follower);
    const position = String(Number(from?.position ?? 0) + events.length);
    return { events, end: { xid: '1', position }, isLast: events.length < 2 };
  };
  const record = ({ event }: { readonly event: StoredSessionEvent }): void => void counted.push(event.seq);
  const follower = new HistoryFollower({ history: { page }, ledger, record, logger });
  return { follower, counted };
}

test('what the bus brings during the first reading is passed over, and read afterwards', async (t) => {
  const stored = new Life().dispatch().history.slice(0, 3);
  let reads = 0;
  const { follower, counted } = rig(async (from, reader) => {
    reads += 1;
    const place = Number(from?.position ?? 0);
    if (reads > 1) return stored.slice(place, place + 2);
    // The rest is committed, and brought by the bus, while this page is on its way.
    t.false(await reader.isTurn());
    return stored.slice(0, 1);
  });
  await follower.catchUp(new AbortController().signal);
  t.deepEqual(counted, [1, 2, 3]);
  t.true(await follower.isTurn());
});

test('what the bus brings during the last reading waits for its turn', async (t) => {
  let asked: Promise<boolean> | undefined;
  let reads = 0;
  const { follower } = rig(async (_from, reader) => {
    reads += 1;
    if (reads === 2) asked = reader.isTurn();
    return [];
  });
  await follower.catchUp(new AbortController().signal);
  t.true(await asked);
});

test('a store that is away is waited for; a refusal of what is asked is a bug and ends it', async (t) => {
  let failures = 0;
  const patient = rig(async () => {
    failures += 1;
    if (failures === 1) throw new UnavailableError('away');
    return [];
  });
  await patient.follower.catchUp(new AbortController().signal);
  t.is(failures, 3);
  const broken = rig(async () => {
    throw new TypeError('no such column');
  });
  await t.throwsAsync(broken.follower.catchUp(new AbortController().signal), { instanceOf: TypeError });
  t.false(await broken.follower.isTurn());
});
