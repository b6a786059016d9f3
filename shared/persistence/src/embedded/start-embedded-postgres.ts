import { EXIT_CODE, StartupError } from '@oio/errors';
import { clusterVersion, createCluster } from './create-cluster.ts';
import { openDatabase } from './database-connection.ts';
import { type DatabaseLayout, databaseLayout } from './database-layout.ts';
import { lockDirectory } from './directory-lock.ts';
import { launchServer, type ServerProcess } from './launch-server.ts';
import { pollFor } from './poll-for.ts';
import { findServer, isRunning, removePostmasterFile } from './postmaster-file.ts';
import { chooseAccount } from './server-account.ts';
import { findBinaries, type ServerBinaries, usableBinaries } from './server-binaries.ts';
import { type StopPatience, stopServer } from './stop-server.ts';
import { asStorageError, prepareDirectory, requireFreeSpace } from './storage-checks.ts';

export interface EmbeddedPostgres extends AsyncDisposable {
  /** `postgres://` address of the database `oio`, with user and password: a secret. */
  readonly url: string;
  readonly pid: number;
  /** Whether it ran already: it outlived the process that started it. */
  readonly adopted: boolean;
  /** Whether its process is still there: false after a crash, too. */
  isRunning(): Promise<boolean>;
  /** Shuts the server down, by force if it does not go within 45 s, and gives the directory free. May be called twice. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Holds the database, its password, its log; made if missing. One process at a time may use it. */
  readonly directory: string;
  /** Port on 127.0.0.1; any free one by default. */
  readonly port?: number;
  /** A postgresql.conf in place of our settings; this machine's address, port and log stay ours. */
  readonly configuration?: string;
  /** Settings of the server in place of ours, for one whose data nobody needs again. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Starts PostgreSQL on `directory`, or adopts the one that already runs there: the server is detached and outlives a
 * killed parent. Throws StartupError when it cannot be had, with the reason and what to do about it.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const layout = databaseLayout(options.directory);
  try {
    await prepareDirectory(layout.directory);
    await using opened = new AsyncDisposableStack();
    opened.use(lockDirectory(layout));
    const server = (await adoptServer(layout, options.port)) ?? (await startServer(layout, options));
    const url = await openDatabase(layout, server).catch(async (error) => {
      if (!server.adopted) await stopServer(layout.data, server.pid, WHEN_USELESS);
      throw error;
    });
    opened.defer(() => stopServer(layout.data, server.pid));
    return embeddedPostgres({ ...server, url }, opened.move());
  } catch (error) {
    throw asStorageError(error, layout.directory);
  }
}

interface RunningServer extends ServerProcess {
  readonly adopted: boolean;
}

/** One that crashes again and again, because files are missing, may not come to shutting down in good order. */
const WHEN_USELESS: StopPatience = { fastMs: 3_000, immediateMs: 10_000 };

/** A server that comes up or goes down just now is waited for; one on another port than the wanted one is restarted. */
async function adoptServer(layout: DatabaseLayout, port: number | undefined): Promise<RunningServer | undefined> {
  const found = await pollFor(async () => settled(await findServer(layout.data)), { withinMs: SETTLE_MS });
  if (found === undefined) {
    throw new StartupError(
      `The PostgreSQL that already runs on ${layout.data} did not become ready within ${SETTLE_MS / 1000} s. ` +
        `Its process id is the first line of ${layout.data}/postmaster.pid: end it (kill -9), then start again; nothing is lost.`,
      EXIT_CODE.unavailable,
    );
  }
  if (found.state === 'stranger') await removePostmasterFile(layout.data);
  if (found.state !== 'ready') return undefined;
  if (port === undefined || port === found.port) return { pid: found.pid, port: found.port, adopted: true };
  await stopServer(layout.data, found.pid);
  return undefined;
}

const SETTLE_MS = 120_000;

function settled<T extends { readonly state: string }>(found: T): T | undefined {
  return found.state === 'changing' ? undefined : found;
}

async function startServer(
  layout: DatabaseLayout,
  { port, configuration, settings = {} }: EmbeddedPostgresOptions,
): Promise<RunningServer> {
  const packaged = findBinaries();
  const isNew = await isNewCluster(layout, packaged);
  await requireFreeSpace(layout.directory, isNew ? FIRST_START_BYTES : RESTART_BYTES);
  const account = chooseAccount(layout);
  const binaries = await usableBinaries(packaged, account, layout.directory);
  if (isNew) await createCluster({ layout, account, binaries });
  const server = await launchServer({ layout, account, binaries, port, configuration, settings });
  return { ...server, adopted: false };
}

async function isNewCluster(layout: DatabaseLayout, { majorVersion }: ServerBinaries): Promise<boolean> {
  const version = await clusterVersion(layout);
  if (version === 'none') return true;
  if (version === majorVersion) return false;
  throw otherVersion(layout, version, majorVersion);
}

function otherVersion({ data }: DatabaseLayout, found: string, ours: string): StartupError {
  const restore = `This program brings PostgreSQL ${ours}. Choose another directory, or restore this one from a backup`;
  const message =
    found === 'unknown'
      ? `${data} holds a PostgreSQL database of unknown version: its PG_VERSION is missing or empty. ${restore}.`
      : `${data} holds a database of PostgreSQL ${found}. ${restore}, or serve it by that and set DATABASE_URL.`;
  return new StartupError(message, EXIT_CODE.storage);
}

/** A new database takes 60 MB, then its first checkpoints and the copied binaries. */
const FIRST_START_BYTES = 200_000_000;
/** Two segments of write-ahead log, so that recovery can end. */
const RESTART_BYTES = 32_000_000;

type VerifiedServer = Pick<EmbeddedPostgres, 'url' | 'pid' | 'adopted'>;

function embeddedPostgres({ url, pid, adopted }: VerifiedServer, opened: AsyncDisposableStack): EmbeddedPostgres {
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= opened.disposeAsync());
  return { url, pid, adopted, isRunning: () => isRunning(pid), stop, [Symbol.asyncDispose]: stop };
}
