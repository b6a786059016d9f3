import { type SessionCommandName, sessionCommands } from '@oio/contracts';
import type { SessionCommand } from '@oio/domain';
import { InvalidError } from '@oio/errors';
import type { Handler, Handlers } from '@oio/messaging';
import { createGraph } from './create-graph.ts';
import { type CreateParts, createSession } from './create-session.ts';
import { createSessions } from './create-sessions.ts';
import { executeCommand } from './execute-command.ts';
import type { MAKING_MANY } from './serve-commands.ts';

/** One handler per command; all that do not make sessions go to the mailbox of the session that the envelope names. */
export function createHandlers(parts: CreateParts): Handlers<typeof sessionCommands & typeof MAKING_MANY> {
  const names = Object.keys(sessionCommands) as SessionCommandName[];
  const toMailbox = (name: SessionCommandName): Handler<never> =>
    (async ({ payload, envelope }) => {
      if (!envelope.sessionId)
        throw new InvalidError(`The envelope of "session.${name}" must name a session.`, { code: 'no_session' });
      return executeCommand(parts, envelope.sessionId, { name, payload } as SessionCommand, envelope);
    }) as Handler<never>;
  return {
    ...(Object.fromEntries(names.map((name) => [name, toMailbox(name)])) as Handlers<typeof sessionCommands>),
    create: ({ payload, envelope }) => createSession(parts, payload, envelope),
    createGraph: ({ payload, envelope }) => createGraph(parts, payload, envelope),
    createSessions: ({ payload, envelope }) => createSessions(parts, payload, envelope),
  };
}
