import type { Plant } from './plant.ts';

export const createBeforeCommit: Plant = {
  name: 'create-before-commit',
  says: 'a session is accepted before it is committed',
  edits: [
    {
      file: 'services/session-actor/src/create-session.ts',
      find: '  const outcome = await commitNew(parts, entry, envelope.id);',
      replace: `  const outcome = 'committed' as const;
  commitNew(parts, entry, envelope.id).catch(() => {});`,
    },
  ],
  services: ['session-actor'],
  faults: ['kill-in-commit'],
  breaks: ['I8'],
};
