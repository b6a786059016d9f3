// Writes the file .env that docker-compose.yml takes its secrets from: node infra/make-env.mjs [path]
// A directory to work in is kept there, also in an .env that exists: WORKSPACES=~/projects node infra/make-env.mjs
// Plain JavaScript without dependencies, so that nothing has to be installed where only containers run.
import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const infra = dirname(fileURLToPath(import.meta.url));
const path = process.argv[2] ?? join(infra, '..', '.env');
try {
  const workspaces = directoryOf(process.env.WORKSPACES ?? '');
  if (!isWritten(workspaces)) console.log(keptIn(readFileSync(path, 'utf8'), workspaces));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** The absolute path: a relative one is the name of a volume to Compose, and `~` means something to shells only. */
function directoryOf(given) {
  if (given === '') return undefined;
  const directory = resolve(given.replace(/^~(?=\/|$)/, homedir()));
  // Docker would make it, for root, and the containers could not write in it.
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(`WORKSPACES: ${directory} is no directory.`);
  if (/[:$\n\r]| #|\s$/.test(directory)) {
    throw new Error(
      `WORKSPACES: Compose cannot be given ${directory}: no colon, $, line break, " #" or space at the end.`,
    );
  }
  return directory;
}

/** False when the file is there already. */
function isWritten(workspaces) {
  const example = readFileSync(join(infra, '.env.example'), 'utf8');
  // Hexadecimal: it fits into URLs, configuration files and shells as it is. NATS takes what begins with a digit for a number.
  const secrets = example.replaceAll(/^([A-Z_]+)=$/gm, (_, name) => `${name}=s${randomBytes(32).toString('hex')}`);
  try {
    writeFileSync(path, secrets + (workspaces ? `WORKSPACES=${workspaces}\n` : ''), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  console.log(`Wrote ${path}. Keep it: the database knows its password and what ENCRYPTION_KEY has encrypted.`);
  return true;
}

/** Adds the line to a file that has none, changes nothing else, and says so. */
function keptIn(text, workspaces) {
  const [, present] = [...text.matchAll(/^\s*(?:export\s+)?WORKSPACES[ \t]*=[ \t]*(.*?)\s*$/gm)].at(-1) ?? [];
  // No failure: what is wanted is there, and whatever is to follow may.
  if (!workspaces || workspaces === present) return `${path} is there already and was left as it is.`;
  if (present)
    throw new Error(`${path} has WORKSPACES=${present} already, not ${workspaces}: to change it, edit that line.`);
  appendFileSync(path, `${text.endsWith('\n') || text === '' ? '' : '\n'}WORKSPACES=${workspaces}\n`);
  return `Added WORKSPACES=${workspaces} to ${path}; the rest was left as it is.`;
}
