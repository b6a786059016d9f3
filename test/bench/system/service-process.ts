import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { killWithThisProcess } from '@oio/backing-servers';
import { eventually, nodeEnvironment } from '@oio/runtime/testing';

export interface ServiceProcessOptions {
  readonly name: string;
  readonly script: string;
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where its log goes. */
  readonly directory: string;
  readonly profiles: string | null;
}

export interface ServiceProcess extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Resolves when its log holds this, with what the first group matched. */
  said(pattern: RegExp): Promise<string>;
  /** Whether its log holds this. */
  hasSaid(pattern: RegExp): boolean;
  signal(name: NodeJS.Signals): void;
  /** Rejects, with the end of its log, when it ends before it was disposed of or given a signal. */
  readonly failed: Promise<never>;
}

/** To know a million that wait takes a while on a machine that others use. */
const SAY_MS = 300_000;
const STOP_MS = 30_000;

/** Starts a service as a process of its own; its log goes to a file, so that nobody has to read it meanwhile. */
export function startServiceProcess(options: ServiceProcessOptions): ServiceProcess {
  const { name, directory } = options;
  const logFile = join(directory, `${name}.log`);
  const child = launch(options, openSync(logFile, 'a'));
  killWithThisProcess(child);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const log = (): string => readFileSync(logFile, 'utf8');
  let isExpected = false;
  const failed = once(child, 'exit').then(([code, signal]) => {
    if (isExpected) return new Promise<never>(() => {});
    throw new Error(`${name} ended by itself (${code ?? signal}):\n${log().slice(-2_000)}`);
  });
  // Told by whoever waits for it.
  failed.catch(() => {});
  return {
    name,
    pid: child.pid ?? 0,
    failed,
    said: (pattern) => Promise.race([said(log, pattern), failed]),
    hasSaid: (pattern) => pattern.test(log()),
    signal(signal) {
      isExpected = true;
      child.kill(signal);
    },
    async [Symbol.asyncDispose]() {
      isExpected = true;
      if (!hasEnded()) await stop(child);
    },
  };
}

function launch(
  { name, script, nodeOptions = [], environment, profiles }: ServiceProcessOptions,
  log: number,
): ChildProcess {
  const profiling = ['--cpu-prof', `--cpu-prof-dir=${profiles}`, `--cpu-prof-name=${name}.cpuprofile`];
  return spawn(process.execPath, [...nodeOptions, ...(profiles === null ? [] : profiling), script], {
    env: { ...nodeEnvironment(), HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', log, log],
  });
}

function said(log: () => string, pattern: RegExp): Promise<string> {
  const look = (): string | undefined => {
    const found = pattern.exec(log());
    return found?.[1] ?? found?.[0];
  };
  return eventually(look, { withinMs: SAY_MS, everyMs: 50, what: `a process to say ${pattern}` });
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(force);
}
