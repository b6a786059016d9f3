import type { KnownServer } from './fleet.ts';

/** The servers that all gateways know. Throws `UnavailableError`. */
export interface ServerTable {
  all(): Promise<readonly KnownServer[]>;
  /** Enters a server that nobody here looks after, or what is new about it. */
  enter(server: KnownServer): Promise<void>;
  /** Enters a server that the gateway `keeper` looks after, for as long as it says so again and again. */
  keep(server: KnownServer, keeper: string): Promise<void>;
  renew(serverId: string, keeper: string): Promise<void>;
  /** Takes out a server that its keeper has ended. */
  remove(serverId: string, keeper: string): Promise<void>;
}
