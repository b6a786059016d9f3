import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { loadOrCreateApiKey } from '@oio/http-gateway';
import { loadOrCreateSecret } from '@oio/runtime';
import { API_KEY_FILE } from '@oio/sdk';
import { prepareDataDirectory, requireFreePort, requireGit, requireRoots } from '@oio/standalone';
import type { DevArguments } from './arguments.ts';
import { NATS_URL_FILE } from './banner.ts';
import type { MergedLog } from './merged-log.ts';
import { connectionsPerProcess, planServices, type ServiceName } from './process-plan.ts';
import { type Backing, startBacking } from './start-backing.ts';
import { startServices } from './start-services.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface DevelopmentOptions {
  readonly args: DevArguments;
  readonly environment: Environment;
  /** Where everything is kept unless the arguments say otherwise. */
  readonly dataDirectory: string;
  readonly currentDirectory: string;
  readonly log: MergedLog;
  readonly stopping: AbortSignal;
  readonly onProgress: (doing: string) => void;
}

export interface Development extends AsyncDisposable {
  readonly url: string;
  readonly dataDirectory: string;
  readonly roots: readonly string[];
  /** Rejects when a process has ended for good. */
  readonly failed: Promise<never>;
}

const DEFAULT_PORT = 8_000;

/** Starts the distributed system on this machine. Throws `StartupError`; what was started by then is stopped. */
export async function startDevelopment(options: DevelopmentOptions): Promise<Development> {
  const { args, environment, log, stopping, onProgress } = options;
  const { data, roots, port } = await prepare(options);
  await loadOrCreateApiKey(data);
  await using stack = new AsyncDisposableStack();
  const backing = stack.use(
    await startBacking({ directory: data, databaseUrl: environment['DATABASE_URL'] || undefined, log, onProgress }),
  );
  // Anew at each start, as the passwords are. Its user may submit sessions, and nothing else.
  await writeFile(join(data, NATS_URL_FILE), `${backing.natsUrlOf('publisher')}\n`, { mode: 0o600 });
  stopping.throwIfAborted();
  const count = Object.values(args.scale).reduce((sum, one) => sum + one, 0);
  onProgress(`Starting ${count} processes`);
  const plans = planServices({
    scale: args.scale,
    root: join(import.meta.dirname, '..', '..'),
    environment,
    shared: {
      ...sharedSettings(backing, count, environment),
      ENCRYPTION_KEY: await encryptionKey(data),
      WORKSPACE_ROOTS: roots.join(delimiter),
      ...(args.model && { OIO_MODEL: args.model }),
    },
    own: (service, number) => ({
      NATS_URL: backing.natsUrlOf(service),
      ...settingsOf(service, { number, data, port }),
    }),
  });
  const services = stack.use(startServices(plans, log));
  await services.ready(stopping);
  const running = stack.move();
  return {
    url: services.said('http-gateway.1', 'url') ?? `http://127.0.0.1:${port}`,
    dataDirectory: data,
    roots,
    failed: services.failed,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** For stored credentials, made at the first start: what it has encrypted lies in the database beside it. */
function encryptionKey(data: string): Promise<string> {
  const file = { path: join(data, 'encryption-key'), what: 'encryption key' };
  return loadOrCreateSecret(file, () => randomBytes(32).toString('hex'));
}

/** What can be seen to be wrong before anything is started. */
async function prepare({ args, environment, dataDirectory, currentDirectory }: DevelopmentOptions) {
  requireGit();
  const given = (environment['WORKSPACE_ROOTS'] ?? '').split(delimiter).filter(Boolean);
  const roots = [args.roots, given, [currentDirectory]].find((some) => some.length > 0) ?? [];
  await requireRoots(roots);
  const port = portOf(args.port ?? (environment['API_PORT'] || String(DEFAULT_PORT)));
  await requireFreePort('127.0.0.1', port);
  const { root: data } = await prepareDataDirectory(args.data ?? dataDirectory);
  return { data, roots, port };
}

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new StartupError(`The port of the API must be a number from 0 to 65535, not ${text}.`, EXIT_CODE.usage);
}

function sharedSettings({ databaseUrl, redisUrl }: Backing, processes: number, environment: Environment): Environment {
  const connections = connectionsPerProcess(processes, { embedded: !environment['DATABASE_URL'] });
  return {
    DATABASE_URL: databaseUrl,
    DATABASE_CONNECTIONS: environment['DATABASE_CONNECTIONS'] || String(connections),
    REDIS_URL: redisUrl,
    HEALTH_HOST: '127.0.0.1',
    HEALTH_PORT: '0',
  };
}

interface Place {
  readonly number: number;
  readonly data: string;
  readonly port: number;
}

/** The opencode-gateways share the worktrees, so that each can go on with what another began. */
function settingsOf(service: ServiceName, { number, data, port }: Place): Environment {
  if (service === 'http-gateway')
    return { API_HOST: '127.0.0.1', API_PORT: String(port), API_KEY_FILE: join(data, API_KEY_FILE) };
  if (service === 'opencode-gateway')
    return { OPENCODE_DIRECTORY: join(data, `opencode-${number}`), WORKTREES_DIRECTORY: join(data, 'worktrees') };
  return {};
}
