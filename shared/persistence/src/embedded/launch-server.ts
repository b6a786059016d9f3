import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, copyFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { EMBEDDED_MAX_CONNECTIONS } from '../connections.ts';
import type { DatabaseLayout } from './database-layout.ts';
import { pollFor } from './poll-for.ts';
import { readPostmasterFile } from './postmaster-file.ts';
import { pathForServer, runAs, type ServerAccount } from './server-account.ts';
import type { ServerBinaries } from './server-binaries.ts';
import { openServerLog, usefulLines } from './server-log.ts';
import { stopServer } from './stop-server.ts';

export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
}

export interface Launch {
  readonly layout: DatabaseLayout;
  readonly account: ServerAccount | undefined;
  readonly binaries: ServerBinaries;
  /** Any free one when undefined. */
  readonly port: number | undefined;
  /** A postgresql.conf whose settings hold in place of ours, but for those of this machine. */
  readonly configuration: string | undefined;
  /** In place of ours. */
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Starts a detached server that writes to its own log and waits until it takes connections, through crash recovery if
 * need be. Throws StartupError with the last lines of the log.
 */
export async function launchServer(launch: Launch): Promise<ServerProcess> {
  const deadline = performance.now() + RETRY_MS;
  for (;;) {
    const port = launch.port ?? (await freePort());
    const outcome = await attempt(launch, port);
    if ('pid' in outcome) return { pid: outcome.pid, port };
    if (!mayPass(outcome.log, launch) || performance.now() > deadline) throw launchFailure(launch, outcome.log);
    await delay(RETRY_EVERY_MS);
  }
}

const RETRY_MS = 15_000;
const RETRY_EVERY_MS = 100;

/** Two failures pass: a port lost to somebody between choice and use, and processes that a killed server left behind. */
function mayPass(log: string, launch: Launch): boolean {
  if (log.includes('pre-existing shared memory block')) return true;
  return launch.port === undefined && log.includes('Address already in use');
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return address.port;
}

type Outcome = { readonly pid: number } | { readonly log: string };

async function attempt(launch: Launch, port: number): Promise<Outcome> {
  const { layout, account, binaries, settings } = launch;
  const data = pathForServer(layout.data, account);
  const general = await generalSettings(launch);
  await using log = await openServerLog(layout.log);
  const child = spawn(
    join(binaries.root, 'bin', 'postgres'),
    ['-D', data, ...argumentsFor({ ...general, ...settingsHere(port), ...settings })],
    {
      cwd: layout.data,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      ...runAs(account),
    },
  );
  // Without a process id the start itself failed, which the event `error` tells; `once` throws it.
  if (child.pid === undefined) await once(child, 'spawn');
  child.unref();
  const state = await pollFor(() => startState(child, layout.data), { withinMs: START_MS });
  if (state === 'ready' && child.pid !== undefined) return { pid: child.pid };
  if (state === 'ended' || child.pid === undefined) return { log: await log.read() };
  await stopServer(layout.data, child.pid);
  throw new StartupError(
    `PostgreSQL did not become ready on ${layout.data} within ${START_MS / 1000} s and was stopped. ` +
      `${layout.log} tells how far it came; starting again goes on from there.`,
    EXIT_CODE.unavailable,
  );
}

/** Recovery after a crash replays at most `max_wal_size`, even on a slow disk. */
const START_MS = 120_000;

async function startState(child: ChildProcess, data: string): Promise<'ready' | 'ended' | undefined> {
  if (child.exitCode !== null || child.signalCode !== null) return 'ended';
  const file = await readPostmasterFile(data);
  return file?.pid === child.pid && file?.ready ? 'ready' : undefined;
}

type Settings = Readonly<Record<string, string | number>>;

/** On the command line, not in postgresql.conf: a new version of this program brings its own to an old directory. */
function settingsHere(port: number): Settings {
  return {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    log_line_prefix: '%m [%p] ',
    log_checkpoints: 'off',
    logging_collector: 'off',
  };
}

const GENERAL: Settings = {
  max_connections: EMBEDDED_MAX_CONNECTIONS,
  shared_buffers: '128MB',
  // Promises to clients rest on these three.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_compression: 'on',
  min_wal_size: '64MB',
  max_wal_size: '1GB',
  // A new table is known to the planner after seconds, not after a minute in which it reads all of it.
  autovacuum_naptime: '5s',
  // Compiling queries costs more than it saves on small ones.
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** A copy in the data directory, where the server works: its account may not be able to read the original. */
const COPY = 'given.conf';

async function generalSettings({ layout, account, configuration }: Launch): Promise<Settings> {
  if (configuration === undefined) return GENERAL;
  const copy = join(layout.data, COPY);
  await copyFile(configuration, copy);
  if (account) await chown(copy, account.uid, account.gid);
  return { config_file: join(pathForServer(layout.data, account), COPY) };
}

function argumentsFor(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function launchFailure({ layout, port }: Launch, log: string): StartupError {
  if (log.includes('Address already in use')) {
    return new StartupError(
      `Port ${port ?? '(any)'} on 127.0.0.1, wanted for the embedded PostgreSQL, is taken by another program. ` +
        'Choose another port, or leave it out to have a free one chosen.',
      EXIT_CODE.unavailable,
    );
  }
  return new StartupError(
    `PostgreSQL could not start on ${layout.data}. It said (more in ${layout.log}):\n${usefulLines(log)}\n${advice(layout, log)}`,
    EXIT_CODE.storage,
  );
}

function advice({ directory }: DatabaseLayout, log: string): string {
  if (log.includes('No space left on device'))
    return `The disk is full: make room where ${directory} is, then start again.`;
  if (log.includes('already exists')) return 'If no other PostgreSQL uses this directory, remove the file it names.';
  return (
    'If the lines above name nothing that you can put right, the database is damaged: restore ' +
    `${directory} from a backup, or move it away to begin with an empty one.`
  );
}
