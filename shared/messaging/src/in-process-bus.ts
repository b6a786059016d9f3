import type { Bus, SubscribeOptions } from './bus.ts';
import { InProcessRequests } from './in-process-requests.ts';
import { InProcessSubscriptions } from './in-process-subscriptions.ts';
import type { Operator, Report } from './operator.ts';
import { NO_PARKING, type Parking } from './parking.ts';

/** What the bus of one process is made with. */
export interface InProcessBusOptions {
  /** Told of what no caller learns: bugs of handlers (the caller gets `internal`), failures of listeners, dropped news. */
  readonly onBug?: Report;
  /** Gets the requests that are malformed and the events that no handler could use. Default: they are dropped. */
  readonly parking?: Parking;
  /** Who parks. Default `in-process`. */
  readonly name?: string;
}

/** The bus inside one process: the same promises as NATS, without the wire. */
export function createInProcessBus(options: InProcessBusOptions = {}): Bus {
  const { onBug: report = () => {}, parking = NO_PARKING, name = 'in-process' } = options;
  const operator: Operator = { name, report, parking };
  const requests = new InProcessRequests(operator);
  const subscriptions = new InProcessSubscriptions(operator);
  return {
    async request(contract, payload, envelope, { to, timeoutMs } = {}) {
      return (await requests.request(contract, payload, { to, timeoutMs, envelope })) as never;
    },
    async serve(contract, handler, { at } = {}) {
      return requests.serve(contract, handler, { at });
    },
    async publish(contract, payload, { id }) {
      subscriptions.publish(contract, payload, id);
    },
    announce(contract, payload) {
      subscriptions.announce(contract, payload);
    },
    async subscribe(contracts, subscription) {
      return subscriptions.subscribe(contracts, subscription as SubscribeOptions<unknown>);
    },
    async [Symbol.asyncDispose]() {
      await requests.end();
      await subscriptions.end();
    },
  };
}
