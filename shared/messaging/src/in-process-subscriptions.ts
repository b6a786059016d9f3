import type { EventContract, LiveContract } from '@oio/contracts';
import { UnavailableError } from '@oio/errors';
import type { SubscribeOptions, Unsubscribe } from './bus.ts';
import { Delivery, type Message } from './delivery.ts';
import { assertMessageId } from './message-id.ts';
import type { Operator } from './operator.ts';

/** Who listens to what, and the fan-out of one message to them. */
export class InProcessSubscriptions {
  readonly #operator: Operator;
  readonly #listeners = new Map<string, Set<Delivery>>();
  #closed = false;

  constructor(operator: Operator) {
    this.#operator = operator;
  }

  subscribe(contracts: readonly (EventContract | LiveContract)[], options: SubscribeOptions<unknown>): Unsubscribe {
    this.#assertOpen();
    const delivery = new Delivery(options, this.#operator);
    for (const { subject } of contracts) {
      this.#listeners.set(subject, (this.#listeners.get(subject) ?? new Set()).add(delivery));
    }
    return async () => {
      for (const { subject } of contracts) this.#forget(subject, delivery);
      for (const message of await delivery.end()) this.#passOn(message, delivery.group);
    };
  }

  publish(contract: EventContract, payload: unknown, id: string): void {
    this.#assertOpen();
    assertMessageId(id);
    const message = { subject: contract.subject, payload, id };
    const refusals: unknown[] = [];
    for (const delivery of this.#chosen(contract.subject)) pushTo(delivery, message, refusals);
    if (refusals.length > 0) throw refusals[0];
  }

  announce(contract: LiveContract, payload: unknown): void {
    if (this.#closed || !this.#listeners.has(contract.subject)) return;
    const message = { subject: contract.subject, payload, id: null };
    for (const delivery of this.#chosen(contract.subject)) delivery.push(message);
  }

  async end(): Promise<void> {
    this.#closed = true;
    const deliveries = new Set([...this.#listeners.values()].flatMap((set) => [...set]));
    this.#listeners.clear();
    await Promise.all([...deliveries].map((delivery) => delivery.end()));
  }

  #forget(subject: string, delivery: Delivery): void {
    const listeners = this.#listeners.get(subject);
    listeners?.delete(delivery);
    if (listeners?.size === 0) this.#listeners.delete(subject);
  }

  /** What a member left undone is for the rest of its group. */
  #passOn(message: Message, group: string | undefined): void {
    if (group === undefined) return;
    const heir = [...this.#chosen(message.subject)].find((delivery) => delivery.group === group);
    if (!heir) return;
    const refusals: unknown[] = [];
    pushTo(heir, message, refusals);
    for (const refusal of refusals) this.#operator.report(refusal, message.subject);
  }

  /** All that stand alone, and of each group the one with the shortest queue. */
  #chosen(subject: string): Iterable<Delivery> {
    const all = this.#listeners.get(subject) ?? [];
    const chosen = new Map<string | Delivery, Delivery>();
    for (const delivery of all) {
      const key = delivery.group ?? delivery;
      const rival = chosen.get(key);
      if (!rival || delivery.backlog < rival.backlog) chosen.set(key, delivery);
    }
    return chosen.values();
  }

  #assertOpen(): void {
    if (this.#closed) throw new UnavailableError('The bus is closed.', { code: 'bus_closed' });
  }
}

/** One that refuses must not keep the message from the others. */
function pushTo(delivery: Delivery, message: Message, refusals: unknown[]): void {
  try {
    delivery.push(message);
  } catch (error) {
    refusals.push(error);
  }
}
