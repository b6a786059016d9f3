import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ConflictError, TimeoutError, UnavailableError } from '@oio/errors';
import { lockInTheWay, removeStaleLock } from './git-locks.ts';

/** Runs one git command to its end. Throws `GitError`, `TimeoutError` or `UnavailableError` unless it succeeds. */
export type Git = (args: readonly string[], call: GitCall) => Promise<GitResult>;

export interface GitCall {
  readonly cwd: string;
  /** Work on this git directory and working tree instead of what git finds from `cwd`. */
  readonly gitDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
  /** Output beyond this many bytes is cut off, and the command ended. */
  readonly maxBytes?: number;
  /** Exit codes other than 0 that are an answer, not a failure. */
  readonly accept?: readonly number[];
  /** Beginnings of paths of lock files that only we create: such a lock is removed once it is stale. */
  readonly ownLocks?: readonly string[];
}

export interface GitResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
  readonly truncated: boolean;
}

/** Git refused. Its first line of complaint is in the message; trying again unchanged does not help. */
export class GitError extends ConflictError {
  readonly exitCode: number;
  readonly stderr: string;

  constructor(args: readonly string[], exitCode: number, stderr: string) {
    const reason = complaint(stderr) || `exit code ${exitCode}`;
    super(`git ${args[0]} failed: ${reason}`, { code: 'git_failed', facts: { exitCode } });
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/**
 * A git that is the same whoever started us: of `environment` only what finds programs, the home directory and
 * configuration is passed on, so neither a `GIT_DIR` of the user's nor a secret of ours reaches it or a filter that it
 * runs.
 */
export function createGit({ environment }: { readonly environment: PartialEnvironment }): Git {
  const base = { ...passedOn(environment), ...FIXED_ENVIRONMENT };
  return async (args, call) => {
    for (let attempt = 0; ; attempt++) {
      const outcome = await run(args, call, base);
      if (!('error' in outcome)) return outcome;
      const lock = lockInTheWay(outcome.error);
      if (lock === null) throw outcome.error;
      if (await removeStaleLock(lock, call.ownLocks ?? [])) continue;
      if (attempt >= LOCK_RETRIES) throw locked(outcome.error, lock);
      await delay(LOCK_RETRY_MS * 2 ** attempt * (0.5 + Math.random()));
    }
  };
}

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;
const MAX_STDERR_BYTES = 64 * 1024;
const LOCK_RETRIES = 5;
const LOCK_RETRY_MS = 20;

const PASSED_ON = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'TZ',
  'XDG_CONFIG_HOME',
  // Under sudo, git trusts the repositories of the user behind it.
  'SUDO_UID',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
];

const FIXED_ENVIRONMENT = {
  LC_ALL: 'C',
  GIT_TERMINAL_PROMPT: '0',
  GIT_PAGER: 'cat',
  GIT_EDITOR: 'false',
  // `git status` would otherwise refresh the user's index.
  GIT_OPTIONAL_LOCKS: '0',
};

const FIXED_CONFIG = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.safecrlf=false',
  'core.splitIndex=false',
  'core.quotePath=false',
  'commit.gpgsign=false',
  // Would write to the repository's configuration when a worktree is added.
  'worktree.useRelativePaths=false',
].flatMap((setting) => ['-c', setting]);

type Environment = Record<string, string>;
type PartialEnvironment = Readonly<Record<string, string | undefined>>;

function passedOn(environment: PartialEnvironment): Environment {
  const kept: Environment = {};
  for (const name of PASSED_ON) {
    const value = environment[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

function run(args: readonly string[], call: GitCall, base: Environment): Promise<GitResult | { error: Error }> {
  const { promise, resolve } = Promise.withResolvers<GitResult | { error: Error }>();
  const maxBuffer = call.maxBytes ?? DEFAULT_MAX_BYTES;
  const child = execFile(
    'git',
    ['--no-pager', ...FIXED_CONFIG, ...args],
    {
      cwd: call.cwd,
      env: { ...base, ...located(call), ...call.environment },
      timeout: call.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      // One byte more, to tell "exactly full" from "cut off".
      maxBuffer: Math.max(maxBuffer, MAX_STDERR_BYTES) + 1,
      encoding: 'buffer',
    },
    (failure, stdout, stderr) => {
      const result = {
        stdout: stdout.subarray(0, maxBuffer).toString('utf8'),
        stderr: stderr.toString('utf8'),
        truncated: stdout.length > maxBuffer,
      };
      resolve(outcomeOf(args, call, { failure, result }));
    },
  );
  // Git may end without reading its input; its exit code tells why.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(call.input ?? '');
  return promise;
}

function located({ cwd, gitDirectory }: GitCall): Environment {
  return gitDirectory === undefined ? {} : { GIT_DIR: gitDirectory, GIT_WORK_TREE: cwd };
}

interface Ended {
  readonly failure: (Error & { code?: string | number | null | undefined; killed?: boolean | undefined }) | null;
  readonly result: Omit<GitResult, 'exitCode'>;
}

function outcomeOf(args: readonly string[], call: GitCall, { failure, result }: Ended): GitResult | { error: Error } {
  if (!failure || result.truncated) return { ...result, exitCode: 0 };
  if (failure.code === 'ENOENT') return { error: notFound(call, failure) };
  if (typeof failure.code === 'number') return answerOrRefusal(args, call, { ...result, exitCode: failure.code });
  if (failure.killed) {
    const message = `git ${args[0]} did not finish within ${call.timeoutMs ?? DEFAULT_TIMEOUT_MS} ms.`;
    return { error: new TimeoutError(message, { code: 'git_timeout', cause: failure }) };
  }
  const message = `git ${args[0]} could not be run: ${failure.message.slice(0, 200)}`;
  return { error: new UnavailableError(message, { code: 'git_unavailable', cause: failure }) };
}

/** Node reports a missing program and a missing working directory alike. */
function notFound({ cwd }: GitCall, cause: Error): Error {
  if (existsSync(cwd)) {
    return new UnavailableError('git is not installed, or not on the PATH.', { code: 'git_missing', cause });
  }
  return new ConflictError(`The directory ${cwd} does not exist any more.`, { code: 'directory_missing', cause });
}

function answerOrRefusal(args: readonly string[], call: GitCall, result: GitResult): GitResult | { error: Error } {
  const error = new GitError(args, result.exitCode, result.stderr);
  if (/: (no space left on device|disk quota exceeded)$/im.test(result.stderr)) {
    return { error: new UnavailableError(`The disk is full: ${error.message}`, { code: 'disk_full', cause: error }) };
  }
  return call.accept?.includes(result.exitCode) ? result : { error };
}

function locked(cause: Error, lock: string): Error {
  const message = lock ? `Git is locked by ${lock}.` : 'Git is busy with another command.';
  return new UnavailableError(message, { code: 'git_locked', cause, retryAfterMs: 1_000 });
}

function complaint(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((candidate) => /^(fatal|error):/.test(candidate)) ?? lines[0] ?? '';
  return line.replace(/^(fatal|error): /, '').slice(0, 300);
}
