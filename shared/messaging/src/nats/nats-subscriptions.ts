import type { EventContract, LiveContract } from '@oio/contracts';
import type { Msg } from 'nats';
import type { SubscribeOptions, Unsubscribe } from '../bus.ts';
import { Delivery } from '../delivery.ts';
import type { Operator } from '../operator.ts';
import { park } from '../parking.ts';
import { decodeEvent, decodeNews } from '../wire.ts';
import { EventFeed, type FeedConsumer } from './event-feed.ts';
import type { EventStream } from './event-stream.ts';
import { filterFor } from './filter-for.ts';
import type { Link } from './link.ts';
import { OrderedConsumer } from './ordered-consumer.ts';
import { SharedConsumer } from './shared-consumer.ts';
import { reasonOf, usable } from './usable.ts';

interface Unusable {
  readonly error: unknown;
  readonly group: string | undefined;
  readonly done?: () => void;
}

interface Source {
  stop(): void;
  end(): Promise<void>;
}

/** Who listens to what: events from the stream, live news from core NATS, both through one queue per subscription. */
export class NatsSubscriptions {
  readonly #link: Link;
  readonly #stream: EventStream;
  readonly #operator: Operator;
  readonly #ends = new Set<Unsubscribe>();

  constructor({ link, stream }: { readonly link: Link; readonly stream: EventStream }, operator: Operator) {
    this.#link = link;
    this.#stream = stream;
    this.#operator = operator;
  }

  async subscribe(
    contracts: readonly (EventContract | LiveContract)[],
    options: SubscribeOptions<unknown>,
  ): Promise<Unsubscribe> {
    const delivery = new Delivery(options, this.#operator);
    const sources: Source[] = [];
    const end = async (): Promise<void> => {
      this.#ends.delete(end);
      for (const source of sources) source.stop();
      await delivery.end();
      await Promise.all(sources.map((source) => source.end()));
    };
    this.#ends.add(end);
    try {
      const events = contracts.filter((contract) => contract.kind === 'event');
      for (const contract of contracts) {
        if (contract.kind === 'live') sources.push(await this.#listen(contract, delivery));
      }
      if (events.length > 0) await this.#follow(events, { delivery, sources });
      return end;
    } catch (error) {
      await end();
      throw error;
    }
  }

  /** Resolves when no handler is at work any more. */
  async end(): Promise<void> {
    await Promise.all([...this.#ends].map((end) => end()));
  }

  async #listen(contract: LiveContract, delivery: Delivery): Promise<Source> {
    const { subject } = contract;
    let stopped = false;
    const take = ({ data }: Msg): void => {
      if (stopped) return;
      try {
        delivery.push({ subject, payload: usable(contract, decodeNews(data).payload), id: null });
      } catch (error) {
        void this.#putAway({ subject, data }, { error, group: delivery.group });
      }
    };
    const subscription = this.#link.subscribe(subject, take, delivery.group);
    await subscription.established();
    const stop = (): void => {
      stopped = true;
    };
    return { stop, end: () => subscription.end() };
  }

  async #follow(
    contracts: readonly EventContract[],
    { delivery, sources }: { readonly delivery: Delivery; readonly sources: Source[] },
  ): Promise<void> {
    const bySubject = new Map(contracts.map((contract) => [contract.subject, contract]));
    const take = (message: Msg, done: () => void): void => {
      const { subject, data } = message;
      const contract = bySubject.get(subject);
      if (!contract) return done();
      try {
        const { id, payload } = decodeEvent(data);
        delivery.push({ subject, payload: usable(contract, payload), id, done });
      } catch (error) {
        void this.#putAway({ subject, data }, { error, group: delivery.group, done });
      }
    };
    const consumer = this.#consumerFor([...bySubject.keys()], delivery.group);
    const feed = new EventFeed(this.#link, { consumer, take, report: this.#operator.report });
    sources.push(feed);
    await feed.open();
  }

  #consumerFor(subjects: readonly string[], group: string | undefined): FeedConsumer {
    const filter = filterFor(subjects);
    if (group !== undefined) return new SharedConsumer(this.#link, this.#stream, { group, subjects, filter });
    return new OrderedConsumer(this.#stream, { filter, prefix: this.#operator.name });
  }

  async #putAway({ subject, data }: Pick<Msg, 'subject' | 'data'>, { error, group, done }: Unusable): Promise<void> {
    await park(this.#operator, { subject, group, reason: reasonOf(error), error, body: data });
    done?.();
  }
}
