import type { Plant } from './plant.ts';

export const relayByPosition: Plant = {
  name: 'relay-by-position',
  says: 'the relay goes on after the last position that it saw, whatever is still open before it',
  edits: [
    {
      file: 'shared/persistence/src/history-page.ts',
      find: `  where (xid, position) > ($1::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
  order by xid, position limit \${limit}`,
      replace: `  where position > $2::bigint and $1::xid8 is not null
  order by position limit \${limit}`,
    },
  ],
  services: ['session-actor'],
  faults: ['slow-commits'],
  breaks: ['I17', 'I18'],
};
