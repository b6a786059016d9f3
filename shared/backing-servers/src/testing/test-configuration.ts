import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

const INFRA = resolve(import.meta.dirname, '../../../../infra');

export const REDIS_CONFIGURATION = resolve(INFRA, 'redis/redis.conf');
const NATS_CONFIGURATION = resolve(INFRA, 'nats/nats.conf');

const USERS = 'users: [\n';

/** The configuration of production, with one user before its own who may do everything: `test`. */
export async function natsTestConfiguration(): Promise<string> {
  const text = await readFile(NATS_CONFIGURATION, 'utf8');
  if (!text.includes(USERS)) throw new Error(`${NATS_CONFIGURATION} has no list of users.`);
  return text.replace(USERS, `${USERS}    { user: test, password: $NATS_TEST_PASSWORD }\n`);
}
