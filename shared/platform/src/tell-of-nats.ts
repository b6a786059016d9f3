import type { Logger } from '@oio/runtime';

const LOOK_MS = 500;

/** Says in the log when NATS has gone and when it is back, until disposed of. */
export function tellOfNats(bus: { readonly isConnected: boolean }, logger: Logger): Disposable {
  let wasConnected = true;
  const timer = setInterval(() => {
    if (bus.isConnected === wasConnected) return;
    wasConnected = bus.isConnected;
    if (wasConnected) logger.info('nats is back');
    else logger.warn('nats is away: requests are refused, events wait in the history');
  }, LOOK_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
