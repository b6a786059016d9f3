import { keepServer } from '@oio/contracts';
import { type Bus, serviceEnvelope } from '@oio/messaging';
import type { Logger } from '@oio/runtime';
import type { Fleet } from '../fleet.ts';
import { repeat } from '../repeat.ts';
import type { ServerEntry, ServerTable } from '../server-table.ts';
import type { DrainTurns } from './drain-turns.ts';
import { lookAfter } from './look-after.ts';
import type { ManagedServer } from './managed-server.ts';
import type { RecycleLimits } from './recycling.ts';
import { ServerKeptError } from './server-kept-error.ts';
import { UsageMeter } from './usage-meter.ts';
import { type Restart, type SupervisedServer, superviseServer } from './supervise-server.ts';

const RENEW_MS = 2_000;
const LOOK_AGAIN_MS = 2_000;
/** A successor adopts the server in this time, or the server is ended. */
const HAND_OVER_MS = 20_000;

export interface KeeperParts {
  readonly bus: Bus;
  readonly fleet: Fleet;
  readonly table: ServerTable;
  /** The id of this gateway. */
  readonly gateway: string;
  readonly capacity: number;
  /** Throws `ServerKeptError` while another process looks after the server. */
  readonly start: () => Promise<ManagedServer>;
  readonly limits: RecycleLimits;
  readonly turns: DrainTurns;
  readonly logger: Logger;
  /** How often it is looked at, in milliseconds. */
  readonly lookMs?: number | undefined;
}

/** A server that came up, as it is to stand in the table; `started` when it is not the one from before. */
interface Entering {
  readonly server: ServerEntry;
  readonly started: boolean;
}

/**
 * Looks after the managed server, or stands by while another gateway of this machine does: takes over when that one dies,
 * or asks for it because it leaves. Throws `StartupError` when the server can be neither started nor adopted.
 */
export async function startKeeper(parts: KeeperParts): Promise<AsyncDisposable> {
  const keeper = new Keeper(parts);
  await keeper.begin();
  return keeper;
}

class Keeper implements AsyncDisposable {
  readonly #parts: KeeperParts;
  #supervised: SupervisedServer | null = null;
  #trying: Promise<boolean> | null = null;
  #stopped = false;
  #serverId: string | null = null;
  /** What the table does not hold yet: without it no demand of an operator or the fleet would reach the server. */
  #toEnter: Entering | null = null;
  #entering: Promise<void> | null = null;
  /** The server while it is up. */
  #present: ManagedServer | null = null;
  /** Ends when the server goes down. */
  #care: AsyncDisposable | null = null;
  /** How to end what is only done while standing by. */
  #standingBy: (() => Promise<void>) | null = null;
  readonly #ends: (() => Promise<void>)[] = [];

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  async begin(): Promise<void> {
    const { logger } = this.#parts;
    await this.#tryToKeep();
    this.#ends.push(
      repeat(RENEW_MS, () => this.#renew(), logger),
      repeat(LOOK_AGAIN_MS, () => this.#lookAgain(), logger),
    );
  }

  /** With a successor the server and its turns go on; without one it is ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    for (const end of this.#ends) await end();
    await this.#trying;
    // Later it would undo what a successor enters.
    await this.#entering?.catch(() => {});
    await this.#leave();
    await this.#standingBy?.();
    const [supervised, serverId] = [this.#supervised, this.#serverId];
    if (!supervised || !serverId) return;
    if (await this.#handOver(supervised, serverId)) return;
    await supervised.stop();
    await this.#parts.table.remove(serverId, this.#parts.gateway).catch(() => {});
  }

  async #lookAgain(): Promise<void> {
    if (!this.#supervised) await this.#tryToKeep();
  }

  async #renew(): Promise<void> {
    const { table, gateway } = this.#parts;
    if (!this.#supervised || !this.#serverId) return;
    if (this.#toEnter) await this.#enter();
    else await table.renew(this.#serverId, gateway);
  }

  /** One at a time, the newest last; what failed is tried again with the next renewal. */
  #enter(): Promise<void> {
    this.#entering ??= this.#enterAll().finally(() => {
      this.#entering = null;
    });
    return this.#entering;
  }

  async #enterAll(): Promise<void> {
    const { table, gateway } = this.#parts;
    while (this.#toEnter) {
      const entering = this.#toEnter;
      await table.keep(entering.server, gateway, { started: entering.started });
      if (this.#toEnter === entering) this.#toEnter = null;
    }
  }

  /** One try at a time: the end of the keeper may be told of while the next look comes. */
  #tryToKeep(): Promise<boolean> {
    this.#trying ??= this.#keep().finally(() => {
      this.#trying = null;
    });
    return this.#trying;
  }

  async #keep(): Promise<boolean> {
    if (this.#supervised) return true;
    if (this.#stopped) return false;
    const { start, logger } = this.#parts;
    try {
      this.#supervised = await superviseServer({
        start,
        onUp: (server, restart) => this.#up(server, restart),
        onDown: (reason, retryMs) => {
          logger.warn({ serverId: this.#serverId, reason, retryMs }, 'opencode server down');
          void this.#leave();
          if (this.#serverId) void this.#parts.fleet.lose(this.#serverId, 'It is being started again.');
        },
      });
      return true;
    } catch (error) {
      if (!(error instanceof ServerKeptError)) throw error;
      await this.#standBy(error.serverId);
      return false;
    }
  }

  async #standBy(serverId: string): Promise<void> {
    if (this.#standingBy) return;
    const { bus, logger } = this.#parts;
    logger.info({ serverId }, 'opencode server kept by another gateway');
    const takeOver = async () => ({ kept: await this.#tryToKeep().catch(() => false) });
    this.#standingBy = await bus.serve(keepServer, takeOver, { at: `keeper.${serverId}` });
  }

  #up(server: ManagedServer, restart: Restart): void {
    this.#present = server;
    const { capacity, fleet, logger } = this.#parts;
    const known: ServerEntry = {
      id: server.id,
      url: server.url,
      password: server.password,
      capacity,
      managed: true,
    };
    this.#serverId = server.id;
    logger.info({ serverId: server.id, pid: server.pid, adopted: server.adopted }, 'opencode server kept');
    const started = !server.adopted;
    this.#toEnter = { server: known, started };
    const entered = Promise.all([fleet.keep({ ...known, draining: null }, { restarted: started }), this.#enter()]);
    entered
      .catch((error: unknown) => logger.error({ err: error, serverId: server.id }, 'opencode server not entered'))
      .finally(() => this.#lookAfter(server, restart));
  }

  #lookAfter(server: ManagedServer, restart: Restart): void {
    const { fleet, table, gateway, limits, turns, logger, lookMs } = this.#parts;
    // It may have ended meanwhile.
    if (this.#stopped || this.#present !== server) return;
    const agent = () => fleet.linkedTo(server.id)?.link.agent();
    const meter = new UsageMeter(server);
    fleet.meter(server.id, meter);
    this.#care = lookAfter({
      server,
      meter,
      health: async () => agent()?.health() ?? Promise.reject(new Error('It is down.')),
      directories: () => agent()?.directoriesSeen() ?? 0,
      // What the table still holds is of the server before: a demand for that one is met.
      report: async (observation, draining) =>
        this.#toEnter ? null : table.observe(server.id, gateway, { observation, draining }),
      onDraining: (reason) => fleet.drain(server.id, reason),
      restart,
      limits,
      turns,
      logger,
      lookMs,
    });
  }

  async #leave(): Promise<void> {
    const care = this.#care;
    this.#care = null;
    this.#present = null;
    await care?.[Symbol.asyncDispose]();
  }

  async #handOver(supervised: SupervisedServer, serverId: string): Promise<boolean> {
    const { bus, logger } = this.#parts;
    const options = { to: `keeper.${serverId}`, timeoutMs: HAND_OVER_MS };
    await supervised.release();
    const answer = await bus
      .request(keepServer, { serverId }, serviceEnvelope('opencode-gateway'), options)
      .catch(() => null);
    if (answer?.kept) logger.info({ serverId }, 'opencode server handed over');
    return answer?.kept ?? false;
  }
}
