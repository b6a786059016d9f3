import type { SessionView } from '@oio/contracts';
import { isTerminal, type SessionSnapshot } from '@oio/domain';
import type { Principal, SessionReader } from './ports.ts';
import type { RouteRequest } from './route-types.ts';
import type { EndWatch, SessionEnds } from './session-ends.ts';

export interface WaitParts {
  readonly ends: SessionEnds;
  readonly reader: Pick<SessionReader, 'session'>;
}

type WaitRequest = Pick<RouteRequest, 'headers' | 'standAside'> & { readonly principal: Principal };

/** The wait for the end of a session that a request prefers, if it does. Source: RFC 7240, section 4.3. */
export class PreferredWait implements Disposable {
  readonly #parts: WaitParts;
  readonly #request: WaitRequest;
  #sessionId = '';
  #watch: EndWatch | null = null;

  constructor(parts: WaitParts, request: WaitRequest) {
    this.#parts = parts;
    this.#request = request;
  }

  /** From here on the end of the session is not missed. When too many wait already the preference is not honoured. */
  begin(sessionId: string): void {
    const { headers, principal } = this.#request;
    this.#sessionId = sessionId;
    if (headers.waitSeconds !== undefined) this.#watch ??= this.#parts.ends.watch(principal.tenant, sessionId);
  }

  /** `Preference-Applied`, if it is. */
  get headers(): Record<string, string> {
    return this.#watch ? { 'Preference-Applied': `wait=${this.#request.headers.waitSeconds}` } : {};
  }

  /** How the session stands once it has ended or the time is over; null when that is known already. */
  async outcome({ status, retryAt }: Pick<SessionView, 'status' | 'retryAt'>): Promise<SessionSnapshot | null> {
    if (!this.#watch || (isTerminal(status) && retryAt === null)) return null;
    const { headers, principal, standAside } = this.#request;
    const ended = await this.#watch.end((headers.waitSeconds ?? 0) * 1_000, standAside());
    return ended ?? this.#parts.reader.session(principal.tenant, this.#sessionId, { deleted: true });
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
  }
}
