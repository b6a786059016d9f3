import type { RequestContract } from '@oio/contracts';
import { fromWireError, TimeoutError, toWireError, UnavailableError } from '@oio/errors';
import type { Envelope, Handler, RequestOptions, ServeOptions, Unsubscribe } from './bus.ts';
import type { Operator } from './operator.ts';
import { park } from './parking.ts';
import { parsePayload } from './parse-payload.ts';
import { subjectFor } from './subject.ts';
import { UnderWay } from './under-way.ts';
import { encodeRequest } from './wire.ts';

const DEFAULT_TIMEOUT_MS = 10_000;

interface Member {
  readonly handler: Handler<RequestContract>;
  readonly underWay: UnderWay;
}

/** Those who serve one subject, asked in turn. */
interface QueueGroup {
  readonly members: Member[];
  turn: number;
}

interface Sent {
  readonly subject: string;
  readonly envelope: Envelope;
}

/** Who answers what, and the way of a question to them and back. */
export class InProcessRequests {
  readonly #operator: Operator;
  readonly #groups = new Map<string, QueueGroup>();
  readonly #underWay = new UnderWay();
  #closed = false;

  constructor(operator: Operator) {
    this.#operator = operator;
  }

  serve(contract: RequestContract, handler: Handler<RequestContract>, { at }: ServeOptions): Unsubscribe {
    this.#assertOpen();
    const subject = subjectFor(contract, at);
    const member: Member = { handler, underWay: new UnderWay() };
    const group = this.#groups.get(subject) ?? { members: [], turn: 0 };
    group.members.push(member);
    this.#groups.set(subject, group);
    return async () => {
      const index = group.members.indexOf(member);
      if (index !== -1) group.members.splice(index, 1);
      if (group.members.length === 0 && this.#groups.get(subject) === group) this.#groups.delete(subject);
      await member.underWay.over();
    };
  }

  async request(
    contract: RequestContract,
    payload: unknown,
    { envelope, to, timeoutMs = DEFAULT_TIMEOUT_MS }: RequestOptions & { readonly envelope: Envelope },
  ): Promise<unknown> {
    this.#assertOpen();
    const subject = subjectFor(contract, to);
    const member = this.#nextMember(subject);
    const parsed = this.#parsed(contract, payload, { subject, envelope });
    const answer = this.#answer(member, { payload: parsed, envelope }, subject);
    return within(answer, timeoutMs, subject);
  }

  async end(): Promise<void> {
    this.#closed = true;
    this.#groups.clear();
    await this.#underWay.over();
  }

  /** What crosses is an error of the catalogue; a bug is reported here and hidden from the caller. */
  async #answer({ handler, underWay }: Member, request: Parameters<Member['handler']>[0], subject: string) {
    underWay.begin();
    this.#underWay.begin();
    try {
      return await handler(request);
    } catch (thrown) {
      const wire = toWireError(thrown);
      if (wire.kind === 'internal') this.#operator.report(thrown, subject);
      throw fromWireError(wire);
    } finally {
      underWay.end();
      this.#underWay.end();
    }
  }

  #nextMember(subject: string): Member {
    const group = this.#groups.get(subject);
    const member = group?.members[group.turn % group.members.length];
    if (!group || !member) {
      throw new UnavailableError(`Nobody answers "${subject}" at the moment.`, { code: 'no_responders' });
    }
    group.turn = (group.turn + 1) % group.members.length;
    return member;
  }

  #parsed(contract: RequestContract, payload: unknown, { subject, envelope }: Sent): unknown {
    try {
      return parsePayload(contract, payload);
    } catch (error) {
      const body = encodeRequest(envelope, payload);
      void park(this.#operator, { subject, reason: 'malformed', error, body });
      throw error;
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new UnavailableError('The bus is closed.', { code: 'bus_closed' });
  }
}

function within(answer: Promise<unknown>, timeoutMs: number, subject: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new TimeoutError(`No answer to "${subject}" within ${timeoutMs} ms.`, { code: 'no_reply' })),
      timeoutMs,
    );
    const andDone =
      <T>(settle: (outcome: T) => void) =>
      (outcome: T): void => {
        clearTimeout(timer);
        settle(outcome);
      };
    answer.then(andDone(resolve), andDone(reject));
  });
}
