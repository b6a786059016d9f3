import { limits } from '@oio/contracts';
import type { Database } from '@oio/persistence';
import type { LimitStore } from '../ports.ts';

const READ = `select rules from limits where name = 'limits'`;
const WRITE = `insert into limits (name, rules) values ('limits', $1::json) on conflict (name) do update set rules = excluded.rules`;

export function createPostgresLimitStore(database: Database): LimitStore {
  return {
    async read() {
      const [row] = await database.query<{ rules: unknown }>(READ);
      return limits.parse({ limits: row?.rules ?? [] }).limits;
    },
    async write(rules) {
      await database.query(WRITE, [JSON.stringify(rules)]);
    },
  };
}
