import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { z } from 'zod';
import { enteringCommand } from '../cgroups/find-cgroups.ts';
import { OpencodeHttp } from '../adapters/opencode-http.ts';
import { endProcesses } from './end-processes.ts';
import { findProcess, type ProcessIdentity } from './process-table.ts';
import { MARKER, type ServerPaths } from './server-environment.ts';
import { lastLines, listeningPort, openLog } from './server-log.ts';

export interface Launch {
  readonly binary: string;
  /** Of the cgroup that it and all that it starts are in. */
  readonly entrances: readonly string[];
  readonly paths: ServerPaths;
  readonly port: number;
  readonly password: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly startupMs: number;
  /** Called as soon as the process exists, before it is ready: whoever comes after us must find it. */
  readonly onSpawned: (server: ProcessIdentity) => Promise<void>;
}

export interface Launched extends ProcessIdentity {
  readonly exited: Promise<string>;
}

/** Starts the program and waits until it answers with the password. What fails to start is ended again. */
export async function launchServer(launch: Launch): Promise<Launched> {
  const { child, exited } = await spawnServer(launch);
  const identity = findProcess(child);
  try {
    if (identity === null) throw failure(launch, `ended at once (${await exited})`);
    await launch.onSpawned(identity);
    const port = await waitForPort(launch, exited);
    if (port !== launch.port) throw failure(launch, `listens on port ${port} and not on ${launch.port}`);
    const url = `http://127.0.0.1:${port}`;
    if (!(await answers(url, launch.password, launch.startupMs))) throw failure(launch, 'does not answer');
    return { pid: identity.pid, startedAt: identity.startedAt, exited };
  } catch (error) {
    await endProcesses({ server: identity, mark: `${MARKER}=${launch.paths.root}`, graceMs: 0 });
    throw error;
  }
}

/** Whether an OpenCode server at `url` takes this password. */
export async function answers(url: string, password: string, withinMs: number): Promise<boolean> {
  await using http = new OpencodeHttp({ url, password, connectTimeoutMs: 2000 });
  const end = performance.now() + withinMs;
  do {
    // A request that came too early is never answered: better ask again than wait for it.
    const deadlineMs = Math.max(100, Math.min(5000, end - performance.now()));
    const schema = z.object({ healthy: z.literal(true) });
    const asked = await http
      .control('GET', { path: '/global/health', schema, deadlineMs })
      .catch((error: unknown) => error);
    if (!(asked instanceof Error)) return true;
    if (Reflect.get(asked, 'code') === 'refused_credentials') return false;
    await delay(POLL_MS);
  } while (performance.now() < end);
  return false;
}

const POLL_MS = 50;

async function spawnServer({ binary, entrances, paths, port, environment }: Launch) {
  const log = await openLog(paths.log);
  try {
    const serve = [binary, 'serve', '--hostname', '127.0.0.1', '--port', String(port)];
    const [program = binary, ...args] = enteringCommand(entrances, serve);
    const child = spawn(program, args, {
      cwd: paths.cwd,
      env: environment,
      stdio: ['ignore', log, log],
      // A session of its own: what is typed at our terminal does not reach it, and our death does not end it.
      detached: true,
    });
    const exited = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    child.unref();
    return { child: child.pid ?? 0, exited };
  } finally {
    closeSync(log);
  }
}

async function waitForPort(launch: Launch, exited: Promise<string>): Promise<number> {
  let ended: string | null = null;
  void exited.then((how) => {
    ended = how;
  });
  const end = performance.now() + launch.startupMs;
  while (performance.now() < end) {
    const port = listeningPort(launch.paths.log);
    if (port !== null) return port;
    if (ended !== null) throw failure(launch, `ended while it was starting (${String(ended)})`);
    await delay(POLL_MS);
  }
  throw failure(launch, `did not start within ${Math.round(launch.startupMs / 1000)} s`);
}

function failure({ paths }: Launch, what: string): StartupError {
  const said = lastLines(paths.log) || '(nothing)';
  return new StartupError(`The OpenCode server ${what}. It said:\n${said}`, EXIT_CODE.unavailable);
}
