import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@oio/runtime/testing';

export interface ServiceProcessOptions {
  readonly name: string;
  readonly script: string;
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
  signal(name: NodeJS.Signals): void;
  /** Rejects, with the end of its log, when it ends before it was disposed of or given a signal. */
  readonly failed: Promise<never>;
}

const START_MS = 60_000;
const STOP_MS = 30_000;

/** Starts a service as a process of its own; its log goes to a file, so that nobody has to read it meanwhile. */
export function startServiceProcess(options: ServiceProcessOptions): ServiceProcess {
  const { name, script, environment, directory, profiles } = options;
  const logFile = join(directory, `${name}.log`);
  const log = openSync(logFile, 'a');
  const profiling = profiles === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`, `--cpu-prof-name=${name}.cpuprofile`];
  const child = spawn(process.execPath, [...profiling, script], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', log, log],
  });
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  let isExpected = false;
  const failed = once(child, 'exit').then(([code, signal]) => {
    if (isExpected) return new Promise<never>(() => {});
    throw new Error(`${name} ended by itself (${code ?? signal}):\n${readFileSync(logFile, 'utf8').slice(-2_000)}`);
  });
  // Told by whoever waits for it.
  failed.catch(() => {});
  return {
    name,
    pid: child.pid ?? 0,
    async said(pattern) {
      const look = (): string | boolean => {
        const found = pattern.exec(readFileSync(logFile, 'utf8'));
        return found ? (found[1] ?? found[0]) : hasEnded();
      };
      const found = await eventually(look, { withinMs: START_MS, everyMs: 50, what: `${name} says ${pattern}` });
      if (typeof found === 'string') return found;
      throw new Error(`${name} has ended:\n${readFileSync(logFile, 'utf8').slice(-2_000)}`);
    },
    failed,
    signal(signal) {
      isExpected = true;
      child.kill(signal);
    },
    async [Symbol.asyncDispose]() {
      isExpected = true;
      if (hasEnded()) return;
      const ended = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(force);
    },
  };
}
