// Writes the file .env that docker-compose.yml takes its secrets from: node infra/make-env.mjs [path]
// Plain JavaScript without dependencies, so that nothing has to be installed where only containers run.
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const infra = dirname(fileURLToPath(import.meta.url));
const path = process.argv[2] ?? join(infra, '..', '.env');
const example = readFileSync(join(infra, '.env.example'), 'utf8');
// Hexadecimal: it fits into URLs, configuration files and shells as it is. NATS takes what begins with a digit for a number.
const text = example.replaceAll(/^([A-Z_]+)=$/gm, (_, name) => `${name}=s${randomBytes(32).toString('hex')}`);
try {
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  console.log(`Wrote ${path}. Keep it: the database knows its password and what ENCRYPTION_KEY has encrypted.`);
} catch (error) {
  // No failure: what is wanted is there, and whatever is to follow may.
  if (error.code === 'EEXIST') console.log(`${path} is there already and was left as it is.`);
  else {
    console.error(error.message);
    process.exitCode = 1;
  }
}
