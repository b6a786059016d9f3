import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '@oio/runtime';
import type { Database } from './database.ts';

/** Letters that are kept; of more the oldest go. */
const KEPT = 10_000;
/** After how many letters of its own a process sees to that. */
const PRUNE_EVERY = 100;
/** Letters a second that a process keeps, and how many at once: a flood would drown what matters, and the database. */
const RATE = { perSecond: 100, burst: 500 } as const;
/** Letters that may wait for the database at the same time. */
const MOST_WAITING = 200;
/** The pauses between the tries while the database is away. */
const PAUSES_MS = [200, 1_000, 5_000, 10_000];
/** In characters. Whoever parks has cut the payload already; base64 of 64 KiB is the longest. */
const LONGEST = { subject: 500, consumer: 200, reason: 100, detail: 4_000, payload: 90_000 } as const;

/** A message that could not be used, as whoever met it tells of it. */
export interface NewDeadLetter {
  readonly subject: string;
  readonly consumer: string;
  readonly reason: string;
  readonly detail: string;
  readonly payload: string;
  readonly encoding: 'text' | 'base64';
  readonly truncated: boolean;
}

/** The same as it is kept. */
export interface DeadLetter extends NewDeadLetter {
  readonly id: string;
  /** RFC 3339, by the database's clock. */
  readonly receivedAt: string;
  /** When it was last put into the bus again; null if never. */
  readonly replayedAt: string | null;
}

/** Which letters of all are meant. */
export interface DeadLetterPage {
  /** At most this many, from 1 to 200. */
  readonly limit: number;
  /** The id of the last letter of the page before; null for the newest. */
  readonly after: string | null;
}

/** Where messages are kept that could not be used, in the table `dead_letters`: the newest 10,000 of them. */
export interface DeadLetters {
  /** Keeps the message, or drops and counts it when too many come or the database stays away; never rejects. */
  park(message: NewDeadLetter): Promise<void>;
  /** The newest first. */
  list(page: DeadLetterPage): Promise<readonly DeadLetter[]>;
  /** Null for one that is not kept, or no longer. */
  get(id: string): Promise<DeadLetter | null>;
  /** Notes that it was replayed. False when there is no such letter. */
  markReplayed(id: string): Promise<boolean>;
  /** How many this process has dropped since its start. */
  readonly dropped: number;
}

export interface DeadLettersOptions {
  /** Told when letters are dropped: at the first, and then at each thousandth. `error` is the database's, if it is to blame. */
  readonly onDrop?: (dropped: number, error?: unknown) => void;
  readonly monotonicMs?: () => number;
}

/** Dead letters in PostgreSQL. What reads throws like `Database.query`; `park` never does. */
export function createPostgresDeadLetters(database: Database, options: DeadLettersOptions = {}): DeadLetters {
  const { onDrop = () => {}, monotonicMs = () => performance.now() } = options;
  const mayPass = createRateLimit(monotonicMs);
  let [waiting, kept, dropped] = [0, 0, 0];

  const drop = (error?: unknown): void => {
    dropped += 1;
    if (dropped % 1_000 === 1) onDrop(dropped, error);
  };

  return {
    get dropped() {
      return dropped;
    },
    async park(message) {
      if (waiting >= MOST_WAITING || !mayPass()) return drop();
      waiting += 1;
      try {
        await patiently(() => database.query(INSERT, rowOf(message)));
        if (kept++ % PRUNE_EVERY === 0) await database.query(PRUNE, [KEPT]);
      } catch (error) {
        drop(error);
      } finally {
        waiting -= 1;
      }
    },
    list: ({ limit, after }) => database.query<DeadLetter>(LIST, [after, Math.min(Math.max(limit, 1), 200)]),
    async get(id) {
      const [letter] = await database.query<DeadLetter>(`select ${COLUMNS} from dead_letters where id = $1::uuid`, [
        id,
      ]);
      return letter ?? null;
    },
    async markReplayed(id) {
      const rows = await database.query('update dead_letters set replayed_at = now() where id = $1::uuid returning 1', [
        id,
      ]);
      return rows.length > 0;
    },
  };
}

/** Lets so many pass at once, and so many more with each second. */
function createRateLimit(monotonicMs: () => number): () => boolean {
  let tokens: number = RATE.burst;
  let atMs = monotonicMs();
  return () => {
    const nowMs = monotonicMs();
    tokens = Math.min(RATE.burst, tokens + ((nowMs - atMs) * RATE.perSecond) / 1_000);
    atMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

async function patiently(task: () => Promise<unknown>): Promise<void> {
  for (const pauseMs of PAUSES_MS) {
    const done = await task().then(
      () => true,
      () => false,
    );
    if (done) return;
    await pause(pauseMs, undefined, { ref: false });
  }
  await task();
}

function rowOf(message: NewDeadLetter): unknown[] {
  const { subject, consumer, reason, detail, payload, encoding, truncated } = message;
  const cut = [
    subject.slice(0, LONGEST.subject),
    consumer.slice(0, LONGEST.consumer),
    reason.slice(0, LONGEST.reason),
    detail.slice(0, LONGEST.detail),
    payload.slice(0, LONGEST.payload),
  ];
  // The one character that the database's text cannot hold.
  const storable = cut.map((text) => text.replaceAll('\0', '\uFFFD'));
  return [newId(), ...storable, encoding, truncated || payload.length > LONGEST.payload];
}

const INSERT = `
insert into dead_letters (id, subject, consumer, reason, detail, payload, encoding, truncated)
values ($1::uuid, $2, $3, $4, $5, $6, $7, $8)`;

const PRUNE = 'delete from dead_letters where id <= (select id from dead_letters order by id desc offset $1 limit 1)';

const INSTANT = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;

const COLUMNS = `id, subject, consumer, reason, detail, payload, encoding, truncated,
  to_char(received_at at time zone 'UTC', ${INSTANT}) as "receivedAt", to_char(replayed_at at time zone 'UTC', ${INSTANT}) as "replayedAt"`;

const LIST = `
select ${COLUMNS} from dead_letters where $1::uuid is null or id < $1::uuid order by id desc limit $2`;
