import { type HistoryGrown, historyGrown, type StoredSessionEvent } from '@oio/contracts';
import type { Bus } from '@oio/messaging';

/** What one announcement tells at most, in characters of text: far less than a message of the bus may hold. */
const LARGEST = 131_072;

/** Tells everybody what was committed, as soon as it is and at most once: the relay tells it again, and for sure. */
export interface HistoryBell {
  ring(events: readonly StoredSessionEvent[]): void;
}

/** A bell that sounds once for all that is committed in the same turn of the event loop. */
export function createHistoryBell(bus: Pick<Bus, 'announce'>, owner: string): HistoryBell {
  let grown: StoredSessionEvent[] = [];
  const tell = (): void => {
    const events = grown;
    grown = [];
    for (const piece of inPieces(events)) bus.announce(historyGrown, { owner, ...piece });
  };
  return {
    ring(events) {
      if (grown.length === 0) setImmediate(tell);
      grown.push(...events);
    },
  };
}

type Piece = { readonly events: StoredSessionEvent[]; readonly larger: HistoryGrown['larger'] };

function inPieces(events: readonly StoredSessionEvent[]): Piece[] {
  const pieces: Piece[] = [{ events: [], larger: [] }];
  let room = LARGEST;
  for (const event of events) {
    const size = charactersOf(event);
    if (size > room && size <= LARGEST) {
      pieces.push({ events: [], larger: [] });
      room = LARGEST;
    }
    const { sessionId, tenant, seq } = event;
    if (size > LARGEST) pieces.at(-1)?.larger.push({ sessionId, tenant, seq });
    else pieces.at(-1)?.events.push(event);
    room -= Math.min(size, room);
  }
  return pieces;
}

/** About as many as its JSON has, without making that. */
function charactersOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 3;
  if (typeof value !== 'object' || value === null) return 8;
  let sum = 2;
  for (const key in value) sum += key.length + 4 + charactersOf(value[key as keyof typeof value]);
  return sum;
}
