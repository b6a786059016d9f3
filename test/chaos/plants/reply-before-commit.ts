import type { Plant } from './plant.ts';

export const replyBeforeCommit: Plant = {
  name: 'reply-before-commit',
  says: 'a command is answered before it is committed',
  edits: [
    {
      file: 'services/session-actor/src/execute-command.ts',
      find: '  const outcome = await commit(parts, session, decision, command, envelope.id);',
      replace: `  const outcome = 'applied' as const;
  commit(parts, session, decision, command, envelope.id).catch(() => {});`,
    },
  ],
  services: ['session-actor'],
  faults: ['rival-claims'],
  breaks: ['I8'],
};
