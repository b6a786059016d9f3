import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { compactDatabase } from './compact-database.ts';
import { endProcesses } from './end-processes.ts';
import { freePort } from './free-port.ts';
import { answers, launchServer } from './launch-server.ts';
import { type ManagedServer, managedServer } from './managed-server.ts';
import { type OpencodeBinary, resolveOpencodeBinary } from './opencode-binary.ts';
import { clearTemporaryFiles, prepareDirectory } from './prepare-directory.ts';
import { findProcess, isAlive, type ProcessIdentity } from './process-table.ts';
import { ServerKeptError } from './server-kept-error.ts';
import {
  type Environment,
  MARKER,
  providerCredentials,
  type ServerPaths,
  serverEnvironment,
  serverPaths,
} from './server-environment.ts';
import { lastLines } from './server-log.ts';
import { directoryBytes, serverUsage } from './server-usage.ts';
import { readState, type ServerState, writeState } from './state-file.ts';

export interface ManagedServerOptions {
  /** The server's own data directory, on durable disk: its sessions live there. */
  readonly directory: string;
  /** Wanted port; otherwise the one it had before, or any. */
  readonly port?: number;
  /** OpenCode configuration, from `openCodeConfig`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The orchestrator's; only what is on the allow-list reaches the server. */
  readonly environment: Environment;
  /** Content of the user's own OpenCode `auth.json`. */
  readonly authContent?: string | undefined;
  readonly startupMs?: number;
  /** Of the cgroup that it is to be in. */
  readonly entrances?: readonly string[];
  /** How long a stopping server may take before it is ended by force. */
  readonly stopMs?: number;
}

/**
 * An OpenCode server of our own on its own data directory: the one that a killed orchestrator left behind, if it still
 * answers and its configuration is the same; else a new one, after what is left of the old has been ended. Port and
 * password stay the same over restarts where possible. Throws `StartupError` with the last lines of its log.
 */
export async function startManagedServer(options: ManagedServerOptions): Promise<ManagedServer> {
  // First of all: who only looks whether the keeper is still there touches nothing.
  const previous = await readState(serverPaths(options.directory).state);
  refuseIfKept(previous, options.directory);
  const binary = resolveOpencodeBinary();
  const paths = await prepareDirectory(options.directory);
  const config = withPlugin(options.config, paths);
  const configHash = hashOf([binary.version, config, options.authContent, providerCredentials(options.environment)]);
  const plan = { options, binary, paths, config, configHash };
  return (await adopt(plan, previous)) ?? (await startAnew(plan, previous));
}

interface Plan {
  readonly options: ManagedServerOptions;
  readonly binary: OpencodeBinary;
  readonly paths: ServerPaths;
  readonly config: Readonly<Record<string, unknown>>;
  readonly configHash: string;
}

const STARTUP_MS = 60_000;
/** A living server may stand still for eight seconds. */
const ADOPT_MS = 15_000;
const STOP_MS = 5000;
const PORT_TRIES = 3;

/** Two orchestrators on one server would both think that its turns are theirs. */
function refuseIfKept(previous: ServerState | null, root: string): void {
  const keeper = previous?.keeper ?? null;
  if (keeper === null || keeper.pid === process.pid || !isAlive(keeper)) return;
  throw new ServerKeptError(previous?.id ?? '', keeper.pid, root);
}

async function adopt(plan: Plan, previous: ServerState | null): Promise<ManagedServer | null> {
  const server = previous?.server;
  if (!previous || !server || previous.configHash !== plan.configHash || !isAlive(server)) return null;
  if (plan.options.port !== undefined && plan.options.port !== previous.port) return null;
  const url = urlOf(previous.port);
  if (!(await answers(url, previous.password, ADOPT_MS))) return null;
  await writeState(plan.paths.state, { ...previous, keeper: self() });
  return managedServer({ ...previous, ...server, url, adopted: true, ...endsOf(plan, previous, server) });
}

async function startAnew(plan: Plan, previous: ServerState | null): Promise<ManagedServer> {
  const { options, paths } = plan;
  await endAll(paths, previous?.server ?? null, STOP_MS);
  await clearTemporaryFiles(paths);
  const { id, password } = previous ?? { id: randomUUID(), password: randomBytes(32).toString('base64url') };
  const state = { id, password, configHash: plan.configHash, launchedAtMs: Date.now(), keeper: self(), server: null };
  for (let attempt = 1; ; attempt += 1) {
    const port = await choosePort(options.port, attempt === 1 ? previous?.port : undefined);
    try {
      return await launch(plan, { ...state, port });
    } catch (error) {
      if (!tookSomebodyThePort(plan) || attempt === PORT_TRIES) throw error;
    }
  }
}

/** Between our look at the port and the server's, which says no more than `ServeError` then. */
function tookSomebodyThePort({ options, paths }: Plan): boolean {
  return options.port === undefined && /ServeError|EADDRINUSE/.test(lastLines(paths.log));
}

async function launch(plan: Plan, state: ServerState): Promise<ManagedServer> {
  const { options, binary, paths } = plan;
  // Before the start, so that whoever comes after us knows where to look, whenever we die.
  await writeState(paths.state, state);
  const running = await launchServer({
    binary: binary.path,
    entrances: options.entrances ?? [],
    paths,
    port: state.port,
    password: state.password,
    environment: environmentFor(plan, state.password),
    startupMs: options.startupMs ?? STARTUP_MS,
    onSpawned: (server) => writeState(paths.state, { ...state, server }),
  });
  const ends = endsOf(plan, state, running);
  return managedServer({ ...state, ...running, url: urlOf(state.port), adopted: false, ...ends });
}

function environmentFor({ options, paths, config }: Plan, password: string): Record<string, string> {
  return serverEnvironment(paths, options.environment, { password, config, authContent: options.authContent });
}

function endsOf(plan: Plan, state: ServerState, server: ProcessIdentity) {
  const { options, binary, paths } = plan;
  const end = () => endAll(paths, server, options.stopMs ?? STOP_MS);
  return {
    launchedAtMs: state.launchedAtMs ?? Date.now(),
    usage: () => serverUsage(paths, server),
    diskBytes: () => directoryBytes(paths.root),
    end,
    compact: () => compactDatabase(binary.path, paths, environmentFor(plan, state.password)),
    async stop() {
      await end();
      await writeState(paths.state, { ...state, server: null, keeper: null });
    },
    release: () => writeState(paths.state, { ...state, server, keeper: null }),
  };
}

async function endAll({ root }: ServerPaths, server: ProcessIdentity | null, graceMs: number): Promise<void> {
  const left = await endProcesses({ server, mark: `${MARKER}=${root}`, graceMs });
  if (left.length === 0) return;
  const pids = left.map(({ pid }) => pid).join(', ');
  throw new StartupError(
    `Processes of the OpenCode server in ${root} cannot be ended: ${pids}.`,
    EXIT_CODE.unavailable,
  );
}

async function choosePort(wanted: number | undefined, previous: number | undefined): Promise<number> {
  const port = (await freePort(wanted ?? previous)) ?? (wanted === undefined ? await freePort() : null);
  if (port !== null) return port;
  throw new StartupError(`Port ${wanted} is taken; the OpenCode server needs it.`, EXIT_CODE.unavailable);
}

function withPlugin(config: ManagedServerOptions['config'], { plugin }: ServerPaths) {
  const others: readonly unknown[] = Array.isArray(config['plugin']) ? config['plugin'] : [];
  return { ...config, plugin: [...others, pathToFileURL(plugin).href] };
}

function self(): ProcessIdentity {
  const entry = findProcess(process.pid);
  return { pid: process.pid, startedAt: entry?.startedAt ?? '' };
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
