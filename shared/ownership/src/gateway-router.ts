import {
  type PayloadInputOf,
  type ReplyOf,
  type RequestContract,
  type ServerAnnouncement,
  serverAnnounced,
} from '@oio/contracts';
import { AppError } from '@oio/errors';
import type { Bus, Envelope } from '@oio/messaging';
import { RecentlyHeard } from './recently-heard.ts';

/** What is met with where there is no such gateway any more, or it hangs. */
const AWAY: ReadonlySet<string> = new Set(['no_responders', 'no_reply']);

/** After this time another gateway is asked what changes nothing: the first one may hang. In milliseconds. */
const READ_AGAIN_MS = 2_000;

/** Which opencode-gateway is asked, and for how long. */
export interface GatewayRequestOptions {
  /** The OpenCode server that the gateway must reach; without it any gateway will do. */
  readonly serverId?: string | undefined;
  /** Asked first, while it is heard of. */
  readonly preferred?: string | null | undefined;
  /** Default: that of the bus. */
  readonly timeoutMs?: number;
}

/** Asks opencode-gateways that were heard of lately; while none was, any of the queue group. */
export interface GatewayRouter {
  /** Throws what `Bus.request` throws. After a time-out somebody else is asked the next time. */
  request<C extends RequestContract>(
    contract: C,
    payload: PayloadInputOf<C>,
    envelope: Envelope,
    options?: GatewayRequestOptions,
  ): Promise<ReplyOf<C>>;
  /** The same for what changes nothing: when no answer comes soon, somebody else is asked at once. */
  read: GatewayRouter['request'];
}

/** The address of one opencode-gateway. */
export function gatewayAddress(gateway: string): string {
  return `gateway.${gateway}`;
}

/** Listens to the announcements of the gateways for as long as the bus lives. */
export function createGatewayRouter(bus: Bus): GatewayRouter {
  const heard = new HeardGateways();
  // Only news: without it the queue group is asked, and one of it that hangs costs a time-out.
  bus.subscribe([serverAnnounced], { handler: (news) => heard.hear(news) }).catch(() => {});
  const router: GatewayRouter = {
    async request(contract, payload, envelope, { serverId, preferred, ...options } = {}) {
      const pick = (): string | null => heard.pick(serverId, preferred);
      for (let asked = pick(); asked !== null; asked = pick()) {
        try {
          return await bus.request(contract, payload, envelope, { ...options, to: gatewayAddress(asked) });
        } catch (error) {
          const code = error instanceof AppError ? error.code : '';
          heard.missed(asked, code, serverId);
          if (code !== 'no_server' && code !== 'no_responders') throw error;
        }
      }
      return bus.request(contract, payload, envelope, {
        ...options,
        ...(serverId !== undefined && { to: `server.${serverId}` }),
      });
    },
    async read(contract, payload, envelope, options = {}) {
      try {
        return await router.request(contract, payload, envelope, { ...options, timeoutMs: READ_AGAIN_MS });
      } catch (error) {
        if (!(error instanceof AppError && error.code === 'no_reply')) throw error;
        return router.request(contract, payload, envelope, options);
      }
    },
  };
  return router;
}

/** The gateways that have told of a server that they reach, by server and altogether. */
class HeardGateways {
  readonly #all = new RecentlyHeard();
  readonly #byServer = new Map<string, RecentlyHeard>();

  hear({ serverId, healthy, gateway }: ServerAnnouncement): void {
    if (gateway === undefined) return;
    if (!healthy) return this.forget(gateway, serverId);
    this.#all.hear(gateway);
    const ofServer = this.#byServer.get(serverId) ?? new RecentlyHeard();
    ofServer.hear(gateway);
    this.#byServer.set(serverId, ofServer);
  }

  /** It has not done what it was asked for. */
  missed(gateway: string, code: string, serverId: string | undefined): void {
    if (code === 'no_server') this.forget(gateway, serverId);
    else if (AWAY.has(code)) this.forget(gateway);
  }

  /** Until it tells of the server again, or of any when none is named. */
  forget(gateway: string, serverId?: string): void {
    if (serverId !== undefined) return this.#byServer.get(serverId)?.forget(gateway);
    this.#all.forget(gateway);
    for (const ofServer of this.#byServer.values()) ofServer.forget(gateway);
  }

  pick(serverId: string | undefined, preferred: string | null | undefined): string | null {
    if (serverId === undefined) return this.#all.pick(preferred);
    const picked = this.#byServer.get(serverId)?.pick(preferred) ?? null;
    if (picked === null) this.#byServer.delete(serverId);
    return picked;
  }
}
