import type { HistoryGrown, Status } from '@oio/contracts';
import { isTerminal, type SessionSnapshot } from '@oio/domain';
import type { Logger } from '@oio/runtime';
import type { SessionReader } from './ports.ts';

export interface SessionEndsOptions {
  readonly reader: Pick<SessionReader, 'session' | 'ended'>;
  readonly logger: Logger;
  /** How many may wait at a time. */
  readonly most: number;
  /** How often the store is looked at for ends that no event told of. */
  readonly lookMs: number;
}

/** One request's interest in the end of a session, from before it may come until the request is answered. */
export interface EndWatch extends Disposable {
  /** The session once it has ended; null after `withinMs`, when `gone` aborts, and when the service stops. */
  end(withinMs: number, gone: AbortSignal): Promise<SessionSnapshot | null>;
}

/** Tells waiting requests when their sessions end: by the events of the bus, and by a look at the store now and then. */
export class SessionEnds implements Disposable {
  readonly #options: SessionEndsOptions;
  readonly #watches = new Map<string, Set<Watch>>();
  readonly #timer: NodeJS.Timeout;
  #count = 0;
  #stopped = false;

  constructor(options: SessionEndsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#look(), options.lookMs);
  }

  /** Null when too many wait already, or the service stops. */
  watch(tenant: string, sessionId: string): EndWatch | null {
    if (this.#count >= this.#options.most || this.#stopped) return null;
    const watch = new Watch({ tenant, sessionId }, () => this.#remove(watch));
    this.#count += 1;
    const others = this.#watches.get(sessionId);
    if (others) others.add(watch);
    else this.#watches.set(sessionId, new Set([watch]));
    return watch;
  }

  /** A committed event. That a status is final does not say that it is the end: a retry may be due. */
  hear({ sessionId, type, data }: HistoryGrown['events'][number]): void {
    if (!this.#watches.has(sessionId)) return;
    const { to } = data as { readonly to?: Status };
    const mayBeTheEnd = type === 'session.deleted' || (to !== undefined && isTerminal(to));
    if (mayBeTheEnd) this.hearOf(sessionId);
  }

  /** Something happened to a session, whatever it is. */
  hearOf(sessionId: string): void {
    for (const watch of this.#watches.get(sessionId) ?? []) void this.#check(watch);
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const watch of [...this.#watches.values()].flatMap((watches) => [...watches])) watch.tell(null);
  }

  async #look(): Promise<void> {
    const ids = [...this.#watches.keys()];
    if (ids.length === 0) return;
    try {
      for (const id of await this.#options.reader.ended(ids)) {
        for (const watch of this.#watches.get(id) ?? []) void this.#check(watch);
      }
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'ends of awaited sessions not read; tried again');
    }
  }

  async #check(watch: Watch): Promise<void> {
    try {
      const snapshot = await this.#options.reader.session(watch.tenant, watch.sessionId, { deleted: true });
      if (snapshot && hasEnded(snapshot)) watch.tell(snapshot);
    } catch (error) {
      const { sessionId } = watch;
      this.#options.logger.warn({ err: error, sessionId }, 'awaited session not read; tried again');
    }
  }

  #remove(watch: Watch): void {
    const watches = this.#watches.get(watch.sessionId);
    if (!watches?.delete(watch)) return;
    this.#count -= 1;
    if (watches.size === 0) this.#watches.delete(watch.sessionId);
  }
}

/** Whether nothing more happens to it unless somebody asks for it. */
function hasEnded({ status, timers }: SessionSnapshot): boolean {
  return isTerminal(status) && timers.retry === undefined;
}

class Watch implements EndWatch {
  readonly tenant: string;
  readonly sessionId: string;
  readonly tell: (snapshot: SessionSnapshot | null) => void;
  readonly #told: Promise<SessionSnapshot | null>;
  readonly #onDispose: () => void;

  constructor({ tenant, sessionId }: Pick<Watch, 'tenant' | 'sessionId'>, onDispose: () => void) {
    const { promise, resolve } = Promise.withResolvers<SessionSnapshot | null>();
    this.tenant = tenant;
    this.sessionId = sessionId;
    this.tell = resolve;
    this.#told = promise;
    this.#onDispose = onDispose;
  }

  async end(withinMs: number, gone: AbortSignal): Promise<SessionSnapshot | null> {
    const giveUp = (): void => this.tell(null);
    const timer = setTimeout(giveUp, withinMs);
    if (gone.aborted) giveUp();
    gone.addEventListener('abort', giveUp);
    try {
      return await this.#told;
    } finally {
      clearTimeout(timer);
      gone.removeEventListener('abort', giveUp);
    }
  }

  [Symbol.dispose](): void {
    this.#onDispose();
  }
}
