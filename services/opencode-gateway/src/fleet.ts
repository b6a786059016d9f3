import { type Cache, createInProcessCache } from '@oio/cache';
import type { ResourceUsage, ServerObservation } from '@oio/contracts';
import { ForbiddenError } from '@oio/errors';
import type { Logger } from '@oio/runtime';
import { type Catalogue, createCatalogue } from './catalogue.ts';
import { createDirectoryOpener } from './open-directory.ts';
import type { EndTurnProcesses } from './attempts/stop-turn.ts';
import { endTurnProcesses } from './managed-server/end-turn-processes.ts';
import type { UsageMeter } from './managed-server/usage-meter.ts';
import type { AgentServer, ServerHealth } from './ports.ts';
import { type AwaitPromptTurn, UNLIMITED } from './prompt-limit.ts';
import { createKeyedMutex, type KeyedMutex } from './keyed-mutex.ts';
import { FAILED_CHECKS } from './server-health.ts';
import { createServerLink, type ServerLink, type SettableServerLink } from './server-link.ts';

/** An OpenCode server that sessions may run on. */
export interface KnownServer {
  readonly id: string;
  readonly url: string;
  readonly password: string;
  /** Sessions at the same time. */
  readonly capacity: number;
  /** Whether a gateway started it. */
  readonly managed: boolean;
  /** Why it takes no new attempts; null while it does. */
  readonly draining: string | null;
}

/** A server and what is known of it here. */
export interface Linked {
  readonly link: ServerLink;
  readonly catalogue: () => Promise<Catalogue>;
  readonly openDirectory: (directory: string) => Promise<void>;
  /** To be waited for before each prompt. */
  readonly awaitPromptTurn: AwaitPromptTurn;
  readonly endProcesses: EndTurnProcesses;
  /** What a session took of the machine while it was alone there; null where that is not seen from here. */
  readonly tookAlone: (sessionId: string) => ResourceUsage | null;
}

export interface ServerState {
  readonly server: KnownServer;
  readonly up: boolean;
  readonly version: string | null;
  /** Why it is down. */
  readonly trouble: string | null;
}

export interface FleetParts {
  readonly connect: (server: KnownServer) => AgentServer;
  /** Called when a server has come up; the result when it has gone down, or is no longer known. */
  readonly serve: (linked: Linked) => Promise<() => Promise<void>>;
  readonly logger: Logger;
  /** Where answers of servers are kept that change rarely; default: in this process. */
  readonly cache?: Cache | undefined;
  /** Keeps the gateways from opening directories of a server at the same time; default: this process alone. */
  readonly mutex?: KeyedMutex | undefined;
  /** How many prompts a server is sent; default: as many as come. */
  readonly limitPrompts?: (serverId: string) => AwaitPromptTurn;
}

interface Entry extends Linked {
  server: KnownServer;
  readonly link: SettableServerLink;
  agent: AgentServer;
  meter: UsageMeter | null;
  /** This process looks after it, and knows its state without asking. */
  kept: boolean;
  version: string | null;
  trouble: string | null;
  failures: number;
  checking: boolean;
  serving: Promise<(() => Promise<void>) | null>;
}

/** What cannot be seen of a server on a machine of its own. */
const UNSEEN = { startedAt: null, memoryBytes: null, databaseBytes: null, cpuPercent: null, diskBytes: null };

/** What is known of a server that has just been entered. */
const UNASKED = {
  meter: null,
  kept: false,
  version: null,
  trouble: 'It has not answered yet.',
  failures: 0,
  checking: false,
};

/** The links of this gateway to all servers that there are. */
export class Fleet implements AsyncDisposable {
  readonly #parts: FleetParts;
  readonly #entries = new Map<string, Entry>();
  /** Those that left, as a managed one does with its gateway: they come back under their ids, and runs wait for them. */
  readonly #departed = new Map<string, Entry>();
  readonly #cache: Cache;
  readonly #mutex: KeyedMutex;
  #isServing = true;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.#mutex = parts.mutex ?? createKeyedMutex();
    this.#cache = parts.cache ?? createInProcessCache();
  }

  linkedTo(serverId: string): Linked | null {
    return this.#entries.get(serverId) ?? null;
  }

  /** All servers that are known, in reach or not. */
  all(): readonly Linked[] {
    return [...this.#entries.values()];
  }

  /** All servers that can be reached. */
  up(): readonly Linked[] {
    return [...this.#entries.values()].filter(({ link }) => link.up);
  }

  states(): readonly ServerState[] {
    return Array.from(this.#entries.values(), ({ server, link, version, trouble }) => ({
      server,
      up: link.up,
      version,
      trouble,
    }));
  }

  /** What is seen from here of the servers that nobody looks after. */
  observations(): readonly { readonly serverId: string; readonly observation: ServerObservation }[] {
    const others = [...this.#entries.values()].filter(({ server }) => !server.managed);
    return others.map(({ server, link, agent, version, trouble }) => ({
      serverId: server.id,
      observation: { ...UNSEEN, healthy: link.up, version, trouble, directories: agent.directoriesSeen() },
    }));
  }

  /** Makes the links those to these servers. One that this process looks after stays as it is. */
  async take(servers: readonly KnownServer[]): Promise<void> {
    const wanted = new Set(servers.map(({ id }) => id));
    for (const [id, entry] of this.#entries) if (!wanted.has(id) && !entry.kept) await this.#remove(id, entry);
    for (const server of servers) {
      const entry = this.#entries.get(server.id);
      if (!entry) this.#add(server);
      else if (!entry.kept) await this.#update(entry, server);
    }
  }

  /** Asks those that others look after how they are. */
  async check(): Promise<void> {
    await Promise.all(Array.from(this.#entries.values(), (entry) => this.#check(entry)));
  }

  /** A server that this process looks after has come up. */
  async keep(server: KnownServer, { restarted }: { readonly restarted: boolean }): Promise<void> {
    const entry = this.#entries.get(server.id) ?? this.#add(server);
    entry.kept = true;
    await this.#connect(entry, server);
    await this.#up(entry, { restarted });
  }

  /** Of a server that this process looks after: why it takes no new attempts, or that it does. */
  drain(serverId: string, reason: string | null): void {
    const entry = this.#entries.get(serverId);
    if (entry) entry.server = { ...entry.server, draining: reason };
  }

  /** What measures a server that this process looks after. */
  meter(serverId: string, meter: UsageMeter): void {
    const entry = this.#entries.get(serverId);
    if (entry) entry.meter = meter;
  }

  /** A server that this process looks after has gone down. */
  async lose(serverId: string, reason: string): Promise<void> {
    const entry = this.#entries.get(serverId);
    if (entry) await this.#down(entry, reason);
  }

  /** Takes no more orders for any server; what is under way keeps its links. */
  async stopServing(): Promise<void> {
    this.#isServing = false;
    await Promise.all(Array.from(this.#entries.values(), (entry) => this.#stopServing(entry)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [id, entry] of this.#entries) await this.#remove(id, entry);
  }

  #add(server: KnownServer): Entry {
    const known = this.#departed.get(server.id);
    this.#departed.delete(server.id);
    const entry = known ?? this.#unknown(server);
    if (known) Object.assign(known, { server, agent: this.#parts.connect(server), ...UNASKED });
    this.#entries.set(server.id, entry);
    return entry;
  }

  #unknown(server: KnownServer): Entry {
    const link = createServerLink(server.id);
    const entry: Entry = {
      server,
      link,
      agent: this.#parts.connect(server),
      // The server's own working directory: what is asked there concerns no project.
      catalogue: createCatalogue({ link, directory: '', cache: this.#cache, isKeeper: () => entry.kept }),
      openDirectory: createDirectoryOpener(link, this.#mutex),
      endProcesses: async (sessions) =>
        entry.server.managed ? endTurnProcesses(entry.server.password, sessions) : null,
      awaitPromptTurn: (this.#parts.limitPrompts ?? UNLIMITED)(server.id),
      tookAlone: (sessionId) => entry.meter?.tookAlone(sessionId, performance.now()) ?? null,
      serving: Promise.resolve(null),
      ...UNASKED,
    };
    return entry;
  }

  async #update(entry: Entry, server: KnownServer): Promise<void> {
    const { url, password } = entry.server;
    if (url === server.url && password === server.password) entry.server = server;
    else {
      await this.#down(entry, 'It has moved.');
      await this.#connect(entry, server);
    }
  }

  async #connect(entry: Entry, server: KnownServer): Promise<void> {
    const old = entry.agent;
    entry.server = server;
    entry.agent = this.#parts.connect(server);
    await old[Symbol.asyncDispose]();
  }

  async #check(entry: Entry): Promise<void> {
    if (entry.kept || entry.checking) return;
    entry.checking = true;
    const { agent } = entry;
    const answer = await healthOf(entry).catch((error: unknown) => error as Error);
    entry.checking = false;
    // Somebody else knows more by now.
    if (entry.agent !== agent || entry.kept || this.#entries.get(entry.server.id) !== entry) return;
    if (answer instanceof Error) {
      entry.failures += 1;
      if (entry.failures >= FAILED_CHECKS) await this.#down(entry, answer.message);
    } else {
      entry.version = answer.version;
      if (!entry.link.up) await this.#up(entry, { restarted: false });
      entry.failures = 0;
    }
  }

  async #up(entry: Entry, { restarted }: { readonly restarted: boolean }): Promise<void> {
    const { serve, logger } = this.#parts;
    entry.link.set(entry.agent, { restarted });
    entry.trouble = null;
    if (this.#isServing) await this.#startServing(entry, serve);
    logger.info({ serverId: entry.server.id, url: entry.server.url }, 'opencode server up');
  }

  async #startServing(entry: Entry, serve: FleetParts['serve']): Promise<void> {
    const serving = entry.serving.then((end) => end ?? serve(entry));
    // Whoever brought it up is told of a refusal; the next time it comes up it is tried again.
    entry.serving = serving.catch(() => null);
    await serving;
  }

  async #down(entry: Entry, reason: string): Promise<void> {
    entry.trouble = reason;
    if (!entry.link.up) return;
    entry.link.set(null, { restarted: false });
    this.#parts.logger.warn({ serverId: entry.server.id, reason }, 'opencode server down');
    await this.#stopServing(entry);
  }

  async #stopServing(entry: Entry): Promise<void> {
    const ended = entry.serving.then((end) => end?.());
    entry.serving = ended.then(() => null);
    await ended;
  }

  async #remove(id: string, entry: Entry): Promise<void> {
    const { agent } = entry;
    this.#entries.delete(id);
    this.#departed.set(id, entry);
    entry.link.set(null, { restarted: false });
    await this.#stopServing(entry);
    await agent[Symbol.asyncDispose]();
  }
}

/** Throws when it does not answer; and when it comes up and somebody else's server lets in whoever asks. */
async function healthOf({ agent, server, link }: Entry): Promise<ServerHealth> {
  const health = await agent.health();
  if (server.managed || link.up || (await agent.refusesStrangers())) return health;
  throw new ForbiddenError('It lets in whoever asks: start it with a password (OPENCODE_SERVER_PASSWORD).', {
    code: 'no_password',
  });
}
