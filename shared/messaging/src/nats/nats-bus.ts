import type { Bus, SubscribeOptions } from '../bus.ts';
import type { Operator, Report } from '../operator.ts';
import { NO_PARKING, type Parking } from '../parking.ts';
import { encodePayload, toBytes } from '../wire.ts';
import { Answers } from './answers.ts';
import { Ending } from './ending.ts';
import { EventPublisher } from './event-publisher.ts';
import { EventStream } from './event-stream.ts';
import { Link } from './link.ts';
import { NatsRequests } from './nats-requests.ts';
import { NatsSubscriptions } from './nats-subscriptions.ts';
import { inboxPrefix, openConnection } from './open-connection.ts';
import { parseServerAddress } from './server-address.ts';

/** What the bus of many processes is made with. */
export interface NatsBusOptions {
  /** `nats://user:password@host:4222`, several servers with commas between. */
  readonly url: string;
  /** What this client is called in the server, in parked messages and in the names of its consumers: the service. */
  readonly name: string;
  /** Told of what no caller learns: bugs of handlers (the caller gets `internal`), failures of listeners, refused subjects. */
  readonly onBug?: Report;
  /** Gets what cannot be used. Default: it is dropped. */
  readonly parking?: Parking;
  /** Told when the connection ended for good, because the server refuses the credentials by now: the process should exit. */
  readonly onClosed?: (error: Error) => void;
  /** Told of every failed attempt while the first connection is waited for. */
  readonly onWaiting?: (error: Error) => void;
  /** Ends the wait for the first connection. */
  readonly signal?: AbortSignal;
}

/** A bus that can tell how its server is. */
export interface NatsBus extends Bus {
  /** Whether it has a connection at the moment; without one it refuses with `UnavailableError` code `bus_disconnected`. */
  readonly isConnected: boolean;
}

/**
 * The bus over a NATS server with JetStream. Waits for a server that is late; throws `StartupError` when it is there and
 * refuses the credentials.
 */
export async function createNatsBus(options: NatsBusOptions): Promise<NatsBus> {
  const { url, name, signal, onBug: report = () => {}, parking = NO_PARKING } = options;
  const nats = await openConnection({ url, name, signal, onWaiting: options.onWaiting ?? (() => {}) });
  const inbox = inboxPrefix(parseServerAddress(url).user);
  const link = new Link(nats, { inbox, report, onClosed: options.onClosed ?? (() => {}) });
  const answers = new Answers(link);
  try {
    await answers.established();
  } catch (error) {
    await link.end();
    throw error;
  }
  return busOver({ link, answers }, { name, report, parking });
}

function busOver({ link, answers }: { readonly link: Link; readonly answers: Answers }, operator: Operator): NatsBus {
  const stream = new EventStream(link, operator.report);
  const requests = new NatsRequests({ link, answers }, operator);
  const publisher = new EventPublisher(answers, stream);
  const subscriptions = new NatsSubscriptions({ link, stream }, operator);
  const ending = new Ending(async () => {
    await Promise.all([requests.end(), subscriptions.end()]);
    answers.end();
    await link.end();
  });
  return {
    get isConnected() {
      return link.isConnected;
    },
    async request(contract, payload, envelope, { to, timeoutMs } = {}) {
      ending.assertNotBegun();
      return (await requests.request(contract, payload, { to, timeoutMs, envelope })) as never;
    },
    async serve(contract, handler, { at } = {}) {
      ending.assertNotBegun();
      return requests.serve(contract, handler, { at });
    },
    async publish(contract, payload, { id }) {
      ending.assertNotBegun();
      await publisher.publish(contract, payload, id);
    },
    announce({ subject }, payload) {
      if (!ending.hasBegun) announce(link, subject, { payload, report: operator.report });
    },
    async subscribe(contracts, subscription) {
      ending.assertNotBegun();
      return subscriptions.subscribe(contracts, subscription as SubscribeOptions<unknown>);
    },
    [Symbol.asyncDispose]: () => ending.begin(),
  };
}

function announce(
  link: Link,
  subject: string,
  { payload, report }: { readonly payload: unknown; readonly report: Report },
): void {
  try {
    link.publishNews(subject, toBytes(encodePayload(payload), subject));
  } catch (error) {
    report(error, subject);
  }
}
