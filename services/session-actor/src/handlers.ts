import { type createGraph as graphContract, type SessionCommandName, sessionCommands } from '@oio/contracts';
import type { SessionCommand } from '@oio/domain';
import { InvalidError } from '@oio/errors';
import type { Handler, Handlers } from '@oio/messaging';
import { createGraph } from './create-graph.ts';
import { type CreateParts, createSession } from './create-session.ts';
import { executeCommand } from './execute-command.ts';

/** One handler per session command; all but `create` go to the mailbox of the session that the envelope names. */
export function createHandlers(
  parts: CreateParts,
): Handlers<typeof sessionCommands & { readonly createGraph: typeof graphContract }> {
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
  };
}
