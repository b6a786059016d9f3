import { limits } from '@oio/contracts';
import type { Database } from '@oio/persistence';
import type { LimitTable } from '../ports.ts';

const READ = 'select rules from limits';

export function createPostgresLimitTable(database: Database): LimitTable {
  return {
    async read() {
      const [row] = await database.query<{ rules: unknown }>(READ);
      return limits.parse({ limits: row?.rules ?? [] }).limits;
    },
  };
}
