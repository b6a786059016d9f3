import { historyGrown } from '@oio/contracts';
import type { Bus } from '@oio/messaging';

/** Tells the relay, wherever it runs, that there is something to publish. */
export interface HistoryBell {
  ring(): void;
}

/** A bell that sounds once for all that is committed in the same turn of the event loop. */
export function createHistoryBell(bus: Pick<Bus, 'announce'>): HistoryBell {
  let isRung = false;
  return {
    ring() {
      if (isRung) return;
      isRung = true;
      setImmediate(() => {
        isRung = false;
        bus.announce(historyGrown, {});
      });
    },
  };
}
