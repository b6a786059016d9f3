import type { RequestContract } from '@oio/contracts';
import { toWireError, UnavailableError } from '@oio/errors';
import type { Msg } from 'nats';
import type { Envelope, Handler, Received, RequestOptions, ServeOptions, Unsubscribe } from '../bus.ts';
import type { Operator } from '../operator.ts';
import { park } from '../parking.ts';
import { subjectFor } from '../subject.ts';
import {
  decodeReply,
  decodeRequest,
  encodeError,
  encodePayload,
  encodeRequest,
  toBytes,
  UnusableError,
} from '../wire.ts';
import type { Answers } from './answers.ts';
import type { Link } from './link.ts';
import { reasonOf, usable } from './usable.ts';

const DEFAULT_TIMEOUT_MS = 10_000;
/** How many requests may be worked on at the same time; more are refused at once. */
const MOST_UNDER_WAY = 10_000;
/** Whoever serves a subject shares it with all others who do. */
const QUEUE = 'oio';

interface Service {
  readonly contract: RequestContract;
  readonly handler: Handler<RequestContract>;
  readonly subject: string;
}

/** Requests over core NATS: one of a queue group answers; nobody there is known at once. */
export class NatsRequests {
  readonly #link: Link;
  readonly #answers: Answers;
  readonly #operator: Operator;
  readonly #underWay = new Set<Promise<void>>();
  readonly #ends = new Set<Unsubscribe>();

  constructor({ link, answers }: { readonly link: Link; readonly answers: Answers }, operator: Operator) {
    this.#link = link;
    this.#answers = answers;
    this.#operator = operator;
  }

  async request(
    contract: RequestContract,
    payload: unknown,
    { envelope, to, timeoutMs = DEFAULT_TIMEOUT_MS }: RequestOptions & { readonly envelope: Envelope },
  ): Promise<unknown> {
    const subject = subjectFor(contract, to);
    const answer = await this.#answers.ask(subject, toBytes(encodeRequest(envelope, payload), subject), { timeoutMs });
    return decodeReply(answer.data);
  }

  async serve(
    contract: RequestContract,
    handler: Handler<RequestContract>,
    { at }: ServeOptions,
  ): Promise<Unsubscribe> {
    const subject = subjectFor(contract, at);
    const underWay = new Set<Promise<void>>();
    const take = (message: Msg): void => this.#take(message, { contract, handler, subject }, underWay);
    const subscription = this.#link.subscribe(subject, take, QUEUE);
    const end = async (): Promise<void> => {
      this.#ends.delete(end);
      await subscription.end();
      await Promise.all(underWay);
    };
    this.#ends.add(end);
    await subscription.established();
    return end;
  }

  /** Resolves when everything that was asked of this bus is answered. */
  async end(): Promise<void> {
    await Promise.all([...this.#ends].map((end) => end()));
  }

  #take(message: Msg, service: Service, underWay: Set<Promise<void>>): void {
    const { data, reply = '' } = message;
    if (this.#underWay.size >= MOST_UNDER_WAY) return this.#respond(reply, service, encodeError(overloaded()));
    const answered = this.#answer(data, reply, service).finally(() => {
      underWay.delete(answered);
      this.#underWay.delete(answered);
    });
    underWay.add(answered);
    this.#underWay.add(answered);
  }

  async #answer(data: Uint8Array, reply: string, service: Service): Promise<void> {
    this.#respond(reply, service, await this.#outcome(data, reply, service));
  }

  /** What goes back, as it stands on the wire. */
  async #outcome(data: Uint8Array, reply: string, service: Service): Promise<string> {
    try {
      const received = this.#received(data, reply, service);
      return encodePayload(await service.handler(received));
    } catch (error) {
      if (toWireError(error).kind === 'internal') this.#operator.report(error, service.subject);
      return encodeError(error);
    }
  }

  #received(data: Uint8Array, reply: string, { contract, subject }: Service): Received<unknown> {
    try {
      if (reply === '') throw new UnusableError('foreign', 'A request says where its answer goes; this one does not.');
      const { envelope, payload } = decodeRequest(data);
      return { envelope, payload: usable(contract, payload) };
    } catch (error) {
      void park(this.#operator, { subject, reason: reasonOf(error), error, body: data });
      throw error;
    }
  }

  #respond(reply: string, { subject }: Service, body: string): void {
    if (reply === '') return;
    try {
      this.#link.publish(reply, toBytes(body, subject));
    } catch (error) {
      // Without a connection whoever asked learns that, and asks again.
      if (error instanceof UnavailableError) return;
      this.#operator.report(error, subject);
      this.#link.publish(reply, toBytes(encodeError(new Error('The answer cannot be sent.')), subject));
    }
  }
}

function overloaded(): UnavailableError {
  return new UnavailableError('The service has too much to do.', { code: 'overloaded', retryAfterMs: 1_000 });
}
