import type { SpawnOptions } from 'node:child_process';
import { readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';
import type { DatabaseLayout } from './database-layout.ts';

/** The user that PostgreSQL runs as when this process is root, which PostgreSQL refuses to run as. */
export interface ServerAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Undefined for an ordinary user, whose PostgreSQL runs as that user. For root: the owner of the existing data, else
 * an unprivileged account of the system. It must be in the list of users, initdb looks it up.
 */
export function chooseAccount(layout: DatabaseLayout): ServerAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(layout.data, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  const accounts = readAccounts();
  const account = accounts.find(({ name }) => name === '_postgres') ?? accounts.find(({ name }) => name === 'nobody');
  if (account !== undefined) return account;
  throw new StartupError(
    'PostgreSQL refuses to run as root, and /etc/passwd has no user "nobody" to run it as. ' +
      'Start the orchestrator as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own.',
    EXIT_CODE.unavailable,
  );
}

function readAccounts(): ServerAccount[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

/**
 * Options for starting a program of PostgreSQL under the account, in an environment that holds nothing of ours: PG*
 * variables would change what it does, and the language changes the messages that are read here.
 */
export function runAs(account: ServerAccount | undefined): Pick<SpawnOptions, 'env' | 'uid' | 'gid'> {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };
  return account === undefined ? { env } : { env, uid: account.uid, gid: account.gid };
}

/** How the server names `path` on its command line while it works in it. */
export function pathForServer(path: string, account: ServerAccount | undefined): string {
  const barrier = firstBarrier(path, account);
  if (barrier === undefined) return path;
  // The kernel enters the working directory before it drops root's rights, and this link leads there without walking
  // down from the top, so that the account needs no right to the directories above (say /root, mode 0700).
  if (process.platform === 'linux') return '/proc/self/cwd';
  throw new StartupError(
    `PostgreSQL runs as ${account?.name}, because it refuses to run as root, and ${account?.name} may not enter ${barrier}. ` +
      `Choose a database directory outside of ${barrier}, or allow it (chmod o+x ${barrier}).`,
    EXIT_CODE.storage,
  );
}

/** The topmost directory on the way to `path`, or `path` itself, that the account may not enter or execute. */
export function firstBarrier(path: string, account: ServerAccount | undefined): string | undefined {
  if (account === undefined) return undefined;
  return withAncestors(realpathSync(path)).find((step) => !mayEnter(statSync(step), account));
}

function withAncestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...withAncestors(parent), path];
}

function mayEnter(stats: Stats, account: ServerAccount): boolean {
  if (stats.uid === account.uid) return (stats.mode & 0o100) !== 0;
  if (stats.gid === account.gid) return (stats.mode & 0o010) !== 0;
  return (stats.mode & 0o001) !== 0;
}
