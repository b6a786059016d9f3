import { setTimeout as pause } from 'node:timers/promises';
import type { Cache } from '@oio/cache';
import type { Bus } from '@oio/messaging';
import { createSessionRouter, type OwnerDirectory } from '@oio/ownership';
import type { Database } from '@oio/persistence';
import type { RedisConnection } from '@oio/redis';
import { type Clock, leaveInTime, type Logger, newId } from '@oio/runtime';
import { OpencodeAgentServer } from './adapters/opencode-agent-server.ts';
import { createPostgresApprovalRecords } from './adapters/postgres-approval-records.ts';
import { createPostgresLeftoverRuns } from './adapters/postgres-leftover-runs.ts';
import { createPostgresMutex } from './adapters/postgres-mutex.ts';
import { createPostgresDedicatedSessions } from './adapters/postgres-dedicated-sessions.ts';
import { createPostgresRunFences } from './adapters/postgres-run-fences.ts';
import { createPostgresServerTable } from './adapters/postgres-server-table.ts';
import { createRedisPromptTurns } from './adapters/redis-prompt-turns.ts';
import { createServerAnnouncer } from './announce-servers.ts';
import { Attempts } from './attempts/attempts.ts';
import { createGate } from './attempts/gate.ts';
import { type LeftoverParts, Leftovers } from './attempts/leftovers.ts';
import { findCgroups } from './cgroups/find-cgroups.ts';
import { createCipher } from './cipher.ts';
import type { OpencodeGatewayConfig, OpencodeGatewaySetting } from './config.ts';
import { encryptionKeys } from './encryption-keys.ts';
import { Fleet, type KnownServer, type Linked } from './fleet.ts';
import { type HandlerParts, serveGateway, serveServer } from './handlers.ts';
import { createInProcessPromptTurns } from './in-process-prompt-turns.ts';
import type { ManagedServer } from './managed-server/managed-server.ts';
import { type DedicatedPlace, endAbandonedDedicated } from './managed-server/abandoned-dedicated.ts';
import { dedicator } from './managed-server/dedicator.ts';
import { startServerPool } from './managed-server/server-pool.ts';
import { sweepDedicated } from './managed-server/sweep-dedicated.ts';
import type { AgentServer } from './ports.ts';
import { createPromptLimit, UNLIMITED } from './prompt-limit.ts';
import { repeat } from './repeat.ts';
import { serveRegistry } from './serve-registry.ts';
import type { ServerTable } from './server-table.ts';
import { turnLimitsOf } from './turn/turn-limits.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import { tellMissingRoots } from './workspaces/tell-missing-roots.ts';
import { createWorkspaces, type Workspaces } from './workspaces/workspaces.ts';

const ANNOUNCE_MS = 1_000;
const SERVERS_MS = 2_000;
const CHECK_MS = 1_000;
const LEFTOVERS_MS = 5_000;

export interface OpencodeGatewayPorts {
  readonly bus: Bus;
  readonly directory: OwnerDirectory;
  readonly database: Database;
  /** Shows the database's time. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** Shared by all gateways; without one each keeps answers for itself. */
  readonly cache?: Cache;
  /** Shared by all gateways, for what they count together; without one each counts for itself. */
  readonly redis?: RedisConnection | null;
  /** The connection to a server, in place of the one over HTTP. */
  readonly connect?: (server: KnownServer) => AgentServer;
  /** In place of the directories of this machine. */
  readonly workspaces?: Workspaces;
}

/** Starts one opencode-gateway, linked to all OpenCode servers that there are. Throws `StartupError`. */
export async function startOpencodeGateway(
  config: OpencodeGatewayConfig,
  setting: OpencodeGatewaySetting,
  ports: OpencodeGatewayPorts,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { bus, database, clock, logger } = ports;
  const gateway = newId();
  await tellMissingRoots(setting.roots, logger);
  const router = createSessionRouter(bus, ports.directory);
  const cipher = createCipher(await encryptionKeys(config, setting.serverDirectory));
  const table = createPostgresServerTable(database, cipher, logger);
  const mutex = stack.use(createPostgresMutex(database));
  const workspaces = ports.workspaces ?? createWorkspaces({ ...setting, mutex });
  const fences = createPostgresRunFences(database, gateway);
  const gate = createGate(fences);
  const limits = turnLimitsOf(config);

  const linkedTo = (serverId: string): Linked | null => fleet.linkedTo(serverId);
  const acting = { bus, router, gate, fences, limits, table, logger };
  const cgroups = onceAsked(() => findCgroups(config.OPENCODE_CGROUP ?? null));
  const dedicate = dedicator({ setting, cgroups, connect: ports.connect, logger });
  const records = createPostgresApprovalRecords(database);
  const attempts = new Attempts({ ...acting, dedicate, workspaces, gateway, linkedTo, records, clock });
  const served = { bus, attempts, workspaces, linkedTo, gate, fences, roots: setting.roots, cgroups, logger };
  const fleet = stack.use(openFleet(config, ports, { ...served, mutex }));
  const alone = (path: string, start: () => Promise<ManagedServer>) => mutex.run(`opencode ${path}`, start);
  stack.use(await startServerPool({ bus, fleet, table, gateway, config, setting, alone, logger }));
  stack.use(attempts);
  stack.defer(inTime(() => fleet.stopServing()));
  for (const server of config.OPENCODE_SERVERS) await table.enter({ ...server, managed: false });
  stack.defer(await follow(table, fleet, logger));

  stack.defer(inTime(await serveGateway(served, fleet, gateway)));
  stack.defer(inTime(await serveRegistry(bus, { table, connect: connectionOf(ports) })));
  stack.use(await startAnnouncing(ports, fleet, gateway));
  const place = { root: setting.serverDirectory, cgroups };
  stack.use(startSweeping({ ...acting, database, gateway, fleet, attempts, place }));
  logger.info({ gateway }, 'opencode-gateway started');
  return stack.move();
}

/** What is still being answered may wait for a server that hangs. */
function inTime(end: () => Promise<void>): () => Promise<void> {
  return () => leaveInTime(end());
}

/** The answer does not change while the process runs. */
function onceAsked<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null;
  return () => (answer ??= ask());
}

interface SweepParts extends Omit<LeftoverParts, 'runs' | 'endOwnServer'> {
  readonly database: Database;
  readonly gateway: string;
  readonly fleet: Fleet;
  readonly attempts: Attempts;
  readonly place: DedicatedPlace;
}

/** Looks now and then for what dead processes have left behind, and ends it. */
function startSweeping({ database, gateway, fleet, place, ...parts }: SweepParts): AsyncDisposable {
  const stack = new AsyncDisposableStack();
  const runs = createPostgresLeftoverRuns(database, gateway);
  const endOwnServer = (sessionId: string) => endAbandonedDedicated(place, sessionId);
  const sessions = createPostgresDedicatedSessions(database);
  const leftovers = stack.use(new Leftovers({ ...parts, runs, endOwnServer }));
  const sweep = async () => {
    await parts.attempts.dropSuperseded();
    for (const linked of fleet.all()) await leftovers.look(linked);
    await sweepDedicated({ place, sessions, logger: parts.logger });
  };
  stack.defer(repeat(LEFTOVERS_MS, sweep, parts.logger));
  return stack;
}

function openFleet(
  config: OpencodeGatewayConfig,
  ports: OpencodeGatewayPorts,
  served: HandlerParts & { readonly mutex: KeyedMutex },
): Fleet {
  return new Fleet({
    connect: connectionOf(ports),
    serve: (linked) => serveServer(served, linked),
    logger: ports.logger,
    cache: ports.cache,
    mutex: served.mutex,
    limitPrompts: promptLimit(config, ports),
  });
}

function connectionOf({ connect }: OpencodeGatewayPorts): (server: KnownServer) => AgentServer {
  return connect ?? ((server) => new OpencodeAgentServer(server));
}

function promptLimit(config: OpencodeGatewayConfig, { redis, logger }: OpencodeGatewayPorts) {
  const rate = { perMinute: config.OPENCODE_PROMPTS_PER_MINUTE, burst: config.OPENCODE_PROMPT_BURST };
  if (rate.perMinute === 0) return UNLIMITED;
  const substitute = createInProcessPromptTurns(rate);
  return createPromptLimit({ turns: redis ? createRedisPromptTurns(redis, rate) : substitute, substitute, logger });
}

/** Tells every second how the servers are. */
async function startAnnouncing({ bus, logger }: OpencodeGatewayPorts, fleet: Fleet, gateway: string) {
  await using stack = new AsyncDisposableStack();
  const announcer = await createServerAnnouncer(bus, fleet, gateway);
  stack.defer(announcer.end);
  stack.defer(repeat(ANNOUNCE_MS, async () => announcer.announce(), logger));
  return stack.move();
}

/** Keeps the links those of the table, and looks after how they are. The first time is over when it resolves. */
async function follow(table: ServerTable, fleet: Fleet, logger: Logger): Promise<() => Promise<void>> {
  const look = async (): Promise<void> => {
    await fleet.take(await table.all());
    // One that is slow to answer holds up nobody.
    await Promise.race([fleet.check(), pause(CHECK_MS, undefined, { ref: false })]);
    await table.observeOthers(fleet.observations());
  };
  await look();
  return repeat(SERVERS_MS, look, logger);
}
