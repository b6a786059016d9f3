import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { openDatabase } from '../database.ts';
import { administrate } from './administrate.ts';

const MIGRATIONS = join(import.meta.dirname, '..', 'migrations');
/** Any number will do; nobody else may use it on this server. */
const LOCK = 7_351_002;

const made = new Map<string, Promise<string>>();

/**
 * The name of a database with the whole schema, to copy test databases from: each migration anew costs several times as
 * much. It is made once for a server and these migrations, by the first process that needs it.
 */
export function templateOn(server: string): Promise<string> {
  const before = made.get(server);
  if (before !== undefined) return before;
  const name = `template_${digest()}`;
  const making = makeOnce(server, name).then(() => name);
  made.set(server, making);
  return making;
}

async function makeOnce(server: string, name: string): Promise<void> {
  if (await isMade(server, name)) return;
  const client = new Client({ connectionString: server });
  try {
    await client.connect();
    // Whoever comes second waits.
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    if (!(await isMade(server, name))) await make(server, name);
  } finally {
    await client.end();
  }
}

async function isMade(server: string, name: string): Promise<boolean> {
  const found = await administrate(server, `select from pg_database where datname = '${name}' and datistemplate`);
  return found.rowCount === 1;
}

/** One that is no template yet was left half-done. */
async function make(server: string, name: string): Promise<void> {
  await administrate(server, `drop database if exists ${name} with (force)`);
  await administrate(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  await (await openDatabase(url.href))[Symbol.asyncDispose]();
  await administrate(server, `alter database ${name} is_template true`);
}

/** A server that outlives a run may have the template of other sources. */
function digest(): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(MIGRATIONS).sort()) hash.update(readFileSync(join(MIGRATIONS, file)));
  return hash.digest('hex').slice(0, 16);
}
