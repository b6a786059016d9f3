import type { ServerObservation } from '@oio/contracts';
import type { KnownServer } from './fleet.ts';
import type { ServerDemand } from './managed-server/look-after.ts';

/** The servers that all gateways know. Throws `UnavailableError`. */
export interface ServerTable {
  all(): Promise<readonly KnownServer[]>;
  /** Enters a server that nobody here looks after, or what is new about it. */
  enter(server: ServerEntry): Promise<void>;
  /**
   * Enters a server that the gateway `keeper` looks after, for as long as it says so again and again. One that was `started`
   * just now is no longer drained.
   */
  keep(server: ServerEntry, keeper: string, change: { readonly started: boolean }): Promise<void>;
  /**
   * Shows how the server is that `keeper` looks after, and why it takes no new attempts, if it does not. Null when it looks
   * after it no longer.
   */
  observe(
    serverId: string,
    keeper: string,
    seen: { readonly observation: ServerObservation; readonly draining: string | null },
  ): Promise<ServerDemand | null>;
  /** Shows how servers are that nobody looks after; of several gateways one is enough. */
  observeOthers(seen: readonly { readonly serverId: string; readonly observation: ServerObservation }[]): Promise<void>;
  /** Takes a server out of service until it was started anew, an operator lets it in again, or `reinstate` does. */
  suspend(serverId: string, why: string): Promise<void>;
  /** Takes it into service again, unless there is another turn on it whose end cannot be shown. */
  reinstate(serverId: string): Promise<void>;
  /** Says once more that `keeper` looks after it, if it still does. */
  renew(serverId: string, keeper: string): Promise<void>;
  /** Takes out a server that its keeper has ended. */
  remove(serverId: string, keeper: string): Promise<void>;
  /** Takes out one that nobody here looks after, if it is drained and no attempt on it is open; whether it did. */
  unregister(serverId: string): Promise<boolean>;
  /** Takes out a managed server that nobody looks after any more. */
  forget(serverId: string): Promise<void>;
}

export type ServerEntry = Omit<KnownServer, 'draining'>;
