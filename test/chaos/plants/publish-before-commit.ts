import type { Plant } from './plant.ts';

export const publishBeforeCommit: Plant = {
  name: 'publish-before-commit',
  says: 'events go out before they are committed',
  edits: [
    {
      file: 'services/session-actor/src/execute-command.ts',
      find: '  const outcome = await commit(parts, session, decision, command, envelope.id);',
      replace: `  const { sessionEvents: contracts } = await import('@oio/contracts');
  for (const event of decision.events)
    parts.bus.publish(contracts[event.type], event as never, { id: \`\${event.sessionId}:\${event.seq}:early\` }).catch(() => {});
  const outcome = await commit(parts, session, decision, command, envelope.id);`,
    },
  ],
  services: ['session-actor'],
  faults: ['rival-claims'],
  breaks: ['I17'],
};
