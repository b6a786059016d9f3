import {
  type CommandReply,
  type PayloadInputOf,
  type ReplyOf,
  type RequestContract,
  type SessionCommandName,
  sessionCommands,
  workerAnnounced,
  workerEnded,
} from '@oio/contracts';
import { AppError, ConflictError, TimeoutError, UnavailableError } from '@oio/errors';
import type { Bus, Envelope } from '@oio/messaging';
import type { z } from 'zod';
import { EndedWorkers, unlessEnded } from './ended-workers.ts';
import { KnownOwners } from './known-owners.ts';
import type { OwnerDirectory } from './owner-directory.ts';
import { RecentlyHeard } from './recently-heard.ts';

/**
 * How many workers a command is tried on while none of them knows of an owner, and the pause between two tries: each further one is twice as
 * long, up to the longest; 2 s in all. One that is named as the owner may be handing over, or dead without anybody's
 * knowing yet: it is tried until all patience is used up.
 */
const TRIES = 9;
const PAUSE = { firstMs: 10, longestMs: 640 } as const;
/** How long one worker is waited for, and all of them together. One that hangs must not use up the caller's patience. */
const PATIENCE_MS = 2_500;
const ALL_WITHIN_MS = 10_000;
/** How many owners a router knows without asking the directory. */
const KNOWN_OWNERS = 10_000;

/** Code of the refusal by a worker that is not, and cannot become, the owner; `facts.owner` says who is. */
const NOT_OWNER = 'not_owner';

/** Code of the bus's own time-out: the one that was asked hangs, or is slow. */
const NO_REPLY = 'no_reply';

/** Refusals by, or instead of, a worker that another one may not share. */
const TRY_ANOTHER: ReadonlySet<string> = new Set([NOT_OWNER, 'no_responders', 'fenced', 'worker_ended']);

/** The envelope of a message that is about a session. */
export type SessionEnvelope = Envelope & { readonly sessionId: string };

type PayloadInput<N extends SessionCommandName> = z.input<(typeof sessionCommands)[N]['payload']>;

/** Brings commands to whoever owns their session. */
export interface SessionRouter {
  /**
   * Sends a command to the owner of its session, or to any worker, which then claims it. Safe to repeat: the envelope id
   * is the command id. Throws `UnavailableError` code `no_owner` when no worker takes it (after 2 s while nobody is said to own the session,
   * else after 10 s), `TimeoutError` when none answers within 10 s, else what `Bus.request` throws.
   */
  send<N extends SessionCommandName>(
    name: N,
    payload: PayloadInput<N>,
    envelope: SessionEnvelope,
  ): Promise<CommandReply>;
  /**
   * Asks any worker for what no session owns yet, and another one where the first cannot: with the promises of `send`. It must be
   * safe to repeat under the same envelope id.
   */
  sendToAny<C extends RequestContract>(
    contract: C,
    payload: PayloadInputOf<C>,
    envelope: Envelope,
  ): Promise<ReplyOf<C>>;
  /** Says who owns a session by what was heard of it just now, which saves asking for it. It may be wrong. */
  hear(sessionId: string, owner: string): void;
}

/** How long is waited. */
export interface RouterOptions {
  /** How long one worker is waited for, in milliseconds. Default 2,500. */
  readonly patienceMs?: number;
  /** And all of them together. Default 10,000. */
  readonly allWithinMs?: number;
}

/** The refusal that sends the router on to the real owner. */
export function notOwner(sessionId: string, owner: string | null): ConflictError {
  return new ConflictError(`Session ${sessionId} is owned by another worker.`, { code: NOT_OWNER, facts: { owner } });
}

/** The address that a worker serves its sessions' commands at. */
export function workerAddress(incarnation: string): string {
  return `worker.${incarnation}`;
}

/**
 * Routes by the owner that answered last, else by the directory. Neither need be right: who is asked wrongly says so, and
 * the news that a worker has ended takes back what was asked of it.
 */
export function createSessionRouter(bus: Bus, directory: OwnerDirectory, options: RouterOptions = {}): SessionRouter {
  return new Router(bus, directory, options);
}

class Router implements SessionRouter {
  readonly #bus: Bus;
  readonly #ended = new EndedWorkers();
  readonly #owners: Owners;
  readonly #living = new RecentlyHeard();
  readonly #patienceMs: number;
  readonly #allWithinMs: number;

  constructor(bus: Bus, directory: OwnerDirectory, { patienceMs, allWithinMs }: RouterOptions) {
    this.#bus = bus;
    this.#owners = new Owners(directory, this.#ended);
    this.#patienceMs = patienceMs ?? PATIENCE_MS;
    this.#allWithinMs = allWithinMs ?? ALL_WITHIN_MS;
    // Only news: without it commands go to the queue group, and one to a worker that is gone takes a time-out longer.
    bus.subscribe([workerEnded], { handler: ({ incarnation }) => this.#end(incarnation) }).catch(() => {});
    bus.subscribe([workerAnnounced], { handler: ({ incarnation }) => this.#living.hear(incarnation) }).catch(() => {});
  }

  async send<N extends SessionCommandName>(
    name: N,
    payload: PayloadInput<N>,
    envelope: SessionEnvelope,
  ): Promise<CommandReply> {
    const contract = sessionCommands[name];
    return (await this.#carry({ contract, payload, envelope, isNew: name === 'create' })) as CommandReply;
  }

  async sendToAny<C extends RequestContract>(
    contract: C,
    payload: PayloadInputOf<C>,
    envelope: Envelope,
  ): Promise<ReplyOf<C>> {
    return (await this.#carry({ contract, payload, envelope, isNew: true })) as ReplyOf<C>;
  }

  hear(sessionId: string, owner: string): void {
    this.#owners.hear(sessionId, owner);
  }

  async #carry(request: Routed): Promise<unknown> {
    const untilMs = performance.now() + this.#allWithinMs;
    let owner = await this.#owners.likely(request);
    let isOwned = false;
    for (let tries = 1; ; tries += 1) {
      const ended = this.#ended.count;
      try {
        return await this.#ask(request, owner, untilMs);
      } catch (error) {
        isOwned ||= namesOwner(error);
        owner = await this.#next(request, owner, { error, tries, isOwned, untilMs, ended });
      }
    }
  }

  /** One try: asks the owner; if there is none, a worker that was heard of lately, or else any of the queue group. */
  async #ask(request: Routed, owner: string | null, untilMs: number): Promise<unknown> {
    const { contract, payload, envelope } = request;
    const timeoutMs = Math.max(1, Math.min(patience(request, this.#patienceMs), untilMs - performance.now()));
    const asked = owner ?? this.#living.pick();
    const to = asked === null ? { timeoutMs } : { timeoutMs, to: workerAddress(asked) };
    try {
      const answer = this.#bus.request(contract, payload, envelope, to);
      const reply = await (asked === null ? answer : unlessEnded(answer, asked, this.#ended));
      if (asked !== null && envelope.sessionId !== null) this.#owners.remember(envelope.sessionId, asked);
      return reply;
    } catch (error) {
      if (asked !== null && isGone(error)) this.#living.forget(asked);
      throw error;
    }
  }

  #end(incarnation: string): void {
    this.#living.forget(incarnation);
    this.#owners.end(incarnation);
  }

  /** Whom to ask next, null for any worker, after the pause that it takes to agree. Throws when asking on would not help. */
  async #next(request: Routed, asked: string | null, failed: Failed): Promise<string | null> {
    const { error, tries, isOwned, untilMs, ended } = failed;
    const { sessionId } = request.envelope;
    if (sessionId !== null && isAboutOwner(error)) this.#owners.forget(sessionId);
    if (isOwned ? performance.now() >= untilMs : tries >= TRIES) throw givenUp(request, error);
    if (error instanceof TimeoutError && error.code === NO_REPLY) {
      // It may have been done; the same id makes sure that it is not done again.
      if (performance.now() + this.#patienceMs / 2 >= untilMs) throw silent(request, this.#allWithinMs, error);
      return this.#owners.likely(request);
    }
    const named = this.#owners.named(error);
    // Somebody else is asked at once the first time; after that the parties need time to agree, or the news who is gone,
    // which may have come while the answer was on its way.
    const pauseMs = Math.min(PAUSE.firstMs * 2 ** (tries - 1), PAUSE.longestMs);
    if (tries > 1 || named === asked) await this.#ended.moreThan(ended, pauseMs);
    return this.#owners.named(error);
  }
}

/** What is yet to be made has its place inspected first, by others, which takes its time with a cold server. */
function patience({ isNew }: Routed, ms: number): number {
  return isNew ? 2 * ms : ms;
}

/** How a try has ended. */
interface Failed {
  readonly error: unknown;
  readonly tries: number;
  /** Whether any of them has named an owner. */
  readonly isOwned: boolean;
  /** When patience ends, on the monotonic clock. */
  readonly untilMs: number;
  /** How many workers had ended when it began. */
  readonly ended: number;
}

/** A command on its way. */
interface Routed {
  readonly contract: RequestContract;
  readonly payload: unknown;
  readonly envelope: Envelope;
  /** It makes what it is about: nobody owns that yet. */
  readonly isNew: boolean;
}

/** Who may be the owner, without those that are known to be gone. */
class Owners {
  readonly #known = new KnownOwners(KNOWN_OWNERS);
  readonly #directory: OwnerDirectory;
  readonly #ended: EndedWorkers;

  constructor(directory: OwnerDirectory, ended: EndedWorkers) {
    this.#directory = directory;
    this.#ended = ended;
  }

  /** Null for any worker: nobody owns what is yet to be made, and without a directory any of them finds the owner in the store. */
  async likely({ isNew, envelope: { sessionId } }: Routed): Promise<string | null> {
    if (isNew || sessionId === null) return null;
    const owner = this.#known.get(sessionId);
    if (owner !== undefined) return owner;
    const entered = await this.#directory.ownerOf(sessionId).catch(() => null);
    return entered !== null && this.#ended.has(entered) ? null : entered;
  }

  /** Whom to ask after this error, null for any worker; throws it when asking somebody else would not help. */
  named(error: unknown): string | null {
    if (!(error instanceof AppError) || !TRY_ANOTHER.has(error.code)) throw error;
    const { owner } = error.facts;
    return error.code === NOT_OWNER && typeof owner === 'string' && !this.#ended.has(owner) ? owner : null;
  }

  end(incarnation: string): void {
    this.#known.forgetOwner(incarnation);
    this.#ended.add(incarnation);
  }

  /** Old news do not take the place of what an answer has told. */
  hear(sessionId: string, owner: string): void {
    if (this.#known.get(sessionId) === undefined && !this.#ended.has(owner)) this.#known.remember(sessionId, owner);
  }

  remember(sessionId: string, owner: string): void {
    this.#known.remember(sessionId, owner);
  }

  forget(sessionId: string): void {
    this.#known.forget(sessionId);
  }
}

function namesOwner(error: unknown): boolean {
  return error instanceof AppError && error.code === NOT_OWNER && typeof error.facts.owner === 'string';
}

/** Whether the one that was asked cannot be asked at the moment. */
function isGone(error: unknown): boolean {
  return error instanceof AppError && [NO_REPLY, 'no_responders', 'fenced'].includes(error.code);
}

/** Whether the one that was asked may no longer be the owner. A time-out is a sign of it as well: the worker may hang. */
function isAboutOwner(error: unknown): boolean {
  return error instanceof TimeoutError || (error instanceof AppError && TRY_ANOTHER.has(error.code));
}

function silent(request: Routed, withinMs: number, cause: Error): TimeoutError {
  const message = `No worker has answered ${aboutOf(request)} within ${Math.round(withinMs / 1_000)} s; whether it was done is not known. Repeat it with the same key.`;
  return new TimeoutError(message, { cause, retryAfterMs: 1_000 });
}

function givenUp(request: Routed, cause: unknown): UnavailableError {
  return new UnavailableError(`No worker takes ${aboutOf(request)} at the moment; try again.`, {
    code: 'no_owner',
    cause,
    retryAfterMs: 1_000,
  });
}

function aboutOf({ contract, envelope: { sessionId } }: Routed): string {
  return sessionId === null ? `"${contract.subject}"` : `"${contract.subject}" for session ${sessionId}`;
}
