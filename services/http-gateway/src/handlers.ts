import type { ClientCommandName, SessionView } from '@oio/contracts';
import { openApiDocument } from './openapi.ts';
import { createReadHandlers } from './read-handlers.ts';
import type { Readiness } from './readiness.ts';
import { createRelayHandlers, type RelayParts } from './relay-handlers.ts';
import type { Order, RouteHandlers } from './route-types.ts';
import { type CommandParts, commandSession, type Outcome, submitSession } from './session-commands.ts';
import { versionTag } from './version-tag.ts';

export type HandlerParts = CommandParts & RelayParts & { readonly readiness: Readiness };

type Command = Order & { readonly params: { readonly id: string }; readonly body?: unknown };

/** One handler per route of the API. */
export function createHandlers(parts: HandlerParts): RouteHandlers {
  const command = (name: Exclude<ClientCommandName, 'create'>) => async (request: Command) =>
    sessionAnswer(await commandSession(parts, name, request.params.id, request));
  return {
    ...createReadHandlers(parts),
    ...createRelayHandlers(parts),
    ...createProcessHandlers(parts),
    createSession: async (request) => {
      const { headers, body } = sessionAnswer(await submitSession(parts, request));
      return { headers: { ...headers, Location: `/v1/sessions/${body.id}` }, body };
    },
    startSession: command('start'),
    pauseSession: command('pause'),
    resumeSession: command('resume'),
    stopSession: command('stop'),
    cancelSession: command('cancel'),
    retrySession: command('retry'),
    checkpointSession: command('checkpoint'),
    deleteSession: command('delete'),
  };
}

function sessionAnswer({ session, replayed }: Outcome): { headers: Record<string, string>; body: SessionView } {
  return { headers: { ...versionTag(session), ...(replayed && { 'Idempotent-Replayed': 'true' }) }, body: session };
}

function createProcessHandlers({ readiness }: HandlerParts): Pick<RouteHandlers, 'live' | 'ready' | 'openapi'> {
  return {
    live: async () => ({ body: { status: 'live' } }),
    async ready() {
      const { ready, checks } = await readiness.ask();
      return { status: ready ? 200 : 503, body: { status: ready ? 'ready' : 'not_ready', checks: { ...checks } } };
    },
    openapi: async () => ({ body: openApiDocument() as never }),
  };
}
