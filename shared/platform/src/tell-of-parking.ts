import type { Parking } from '@oio/messaging';
import type { Logger } from '@oio/runtime';

/** Whoever floods the bus with what cannot be used must not flood the log. */
const QUIET_MS = 10_000;

/** The parking, whose log says that a message was put there: the first at once, then now and then how many came since. */
export function tellOfParking(parking: Parking, logger: Logger, nowMs = (): number => performance.now()): Parking {
  let messages = 0;
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  return {
    async park(message) {
      messages += 1;
      if (nowMs() >= quietUntilMs) {
        const { subject, consumer, reason } = message;
        logger.warn({ subject, consumer, reason, messages }, 'message cannot be used: kept as a dead letter');
        messages = 0;
        quietUntilMs = nowMs() + QUIET_MS;
      }
      await parking.park(message);
    },
  };
}
