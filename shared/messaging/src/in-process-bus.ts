import type { Bus, SubscribeOptions } from './bus.ts';
import type { Report } from './in-process-delivery.ts';
import { InProcessRequests } from './in-process-requests.ts';
import { InProcessSubscriptions } from './in-process-subscriptions.ts';

export interface InProcessBusOptions {
  /** Told of what no caller learns: bugs of handlers (the caller gets `internal`), failures of listeners, dropped news. */
  readonly onBug?: Report;
}

/** The bus inside one process: the same promises as NATS, without the wire. */
export function createInProcessBus({ onBug = () => {} }: InProcessBusOptions = {}): Bus {
  const requests = new InProcessRequests(onBug);
  const subscriptions = new InProcessSubscriptions(onBug);
  return {
    async request(contract, payload, envelope, options = {}) {
      return (await requests.request(contract, payload, { ...options, envelope })) as never;
    },
    async serve(contract, handler, options = {}) {
      return requests.serve(contract, handler, options);
    },
    async publish(contract, payload) {
      subscriptions.publish(contract, payload);
    },
    announce(contract, payload) {
      subscriptions.announce(contract, payload);
    },
    async subscribe(contracts, options) {
      return subscriptions.subscribe(contracts, options as SubscribeOptions<unknown>);
    },
    async [Symbol.asyncDispose]() {
      await requests.end();
      await subscriptions.end();
    },
  };
}
