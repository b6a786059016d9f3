import type { NatsConnection, NatsConnectionImpl } from 'nats';

/** Under load what is sent leaves this often at most, in milliseconds. */
const SPACING_MS = 1;

/**
 * Lets everything that is sent in one turn of the event loop leave in one write, and under load what is sent within a
 * millisecond. By itself the client writes after each message that it has handled, and a call of the system, which delivers
 * to the server's socket as well, costs more than the handling: it was more than half of the CPU of a consumer that
 * acknowledges every event. What is sent after a quiet millisecond waits for the end of its turn only.
 */
export function gatherWrites(nats: NatsConnection): void {
  const protocol = (nats as NatsConnectionImpl).protocol as unknown as { flushPending(): void };
  const flush = protocol.flushPending.bind(protocol);
  let isComing = false;
  let flushedAtMs = Number.NEGATIVE_INFINITY;
  const write = (): void => {
    isComing = false;
    flushedAtMs = performance.now();
    flush();
  };
  protocol.flushPending = () => {
    if (isComing) return;
    isComing = true;
    if (performance.now() - flushedAtMs < SPACING_MS) setTimeout(write, SPACING_MS);
    else setImmediate(write);
  };
}
