import { diffWorkspace, metricsExposition, sessionMetrics, type SessionView } from '@oio/contracts';
import { toSessionView } from '@oio/domain';
import type { Bus, Envelope } from '@oio/messaging';
import { newId } from '@oio/runtime';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { openApiDocument } from './openapi.ts';
import type { Principal } from './ports.ts';
import type { Readiness } from './readiness.ts';
import type { Order, RouteHandlers, RouteRequest } from './route-types.ts';
import { type CommandParts, commandSession, noSuchSession, type Outcome, submitSession } from './session-commands.ts';
import type { SessionStreams } from './session-streams.ts';

export interface HandlerParts extends CommandParts {
  readonly bus: Bus;
  readonly streams: SessionStreams;
  readonly readiness: Readiness;
}

type ById = Pick<RouteRequest, 'correlationId'> & {
  readonly principal: Principal;
  readonly params: { readonly id: string };
};
type Command = Order & { readonly params: { readonly id: string }; readonly body?: unknown };

/** One handler per route of the API. */
export function createHandlers(parts: HandlerParts): RouteHandlers {
  const command = (name: Parameters<typeof commandSession>[1]) => async (request: Command) =>
    sessionAnswer(await commandSession(parts, name, request.params.id, request));
  return {
    ...readHandlers(parts),
    ...processHandlers(parts),
    createSession: async (request) => {
      const outcome = await submitSession(parts, request);
      const { headers, body } = sessionAnswer(outcome);
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

type ReadNames =
  | 'listSessions'
  | 'getSession'
  | 'getHistory'
  | 'getCheckpoints'
  | 'getDiff'
  | 'getMetrics'
  | 'streamSession';

function readHandlers({ bus, reader, clock, streams }: HandlerParts): Pick<RouteHandlers, ReadNames> {
  return {
    async listSessions({ query, principal: { tenant } }) {
      const { cursor, limit, ...filter } = query;
      const scope = { tenant, filter };
      const before = cursor === undefined ? null : decodeCursor(cursor, scope);
      const { sessions, more } = await reader.list(tenant, filter, { before, limit });
      const last = sessions.at(-1);
      const now = clock.now();
      return {
        body: {
          sessions: sessions.map((snapshot) => toSessionView(snapshot, now)),
          nextCursor: more && last ? encodeCursor(last.id, scope) : null,
        },
      };
    },
    async getSession({ params: { id }, principal: { tenant } }) {
      const [snapshot, checkpoints] = await Promise.all([reader.session(tenant, id), reader.checkpoints(tenant, id)]);
      if (!snapshot) throw noSuchSession();
      return { headers: versionTag(snapshot), body: { ...toSessionView(snapshot, clock.now()), checkpoints } };
    },
    async getHistory({ params: { id }, query, principal: { tenant } }) {
      const standing = await reader.standing(tenant, id);
      if (!standing || standing.deleted) throw noSuchSession();
      const events = await reader.history(tenant, id, query);
      const last = events.at(-1);
      return { body: { events, nextAfter: last && last.seq < standing.version ? last.seq : null } };
    },
    async getCheckpoints({ params: { id }, principal: { tenant } }) {
      const [standing, checkpoints] = await Promise.all([reader.standing(tenant, id), reader.checkpoints(tenant, id)]);
      if (!standing || standing.deleted) throw noSuchSession();
      return { body: { checkpoints } };
    },
    async getDiff(request) {
      const snapshot = await reader.session(request.principal.tenant, request.params.id);
      if (!snapshot) throw noSuchSession();
      const { workspace, attempt } = snapshot;
      if (!workspace || !attempt) return { body: { diff: null } };
      return {
        body: await bus.request(diffWorkspace, { workspace }, envelopeOf(request), {
          to: `server.${attempt.serverId}`,
        }),
      };
    },
    async getMetrics(request) {
      const standing = await reader.standing(request.principal.tenant, request.params.id);
      if (!standing || standing.deleted) throw noSuchSession();
      return { body: await bus.request(sessionMetrics, { sessionId: request.params.id }, envelopeOf(request)) };
    },
    async streamSession({ params: { id }, query, headers, principal: { tenant } }) {
      const standing = await reader.standing(tenant, id);
      if (!standing || standing.deleted) throw noSuchSession();
      return {
        body: (response) =>
          streams.open({ tenant, sessionId: id, after: headers.lastEventId ?? query.after, response }),
      };
    },
  };
}

function processHandlers({
  bus,
  readiness,
}: HandlerParts): Pick<RouteHandlers, 'live' | 'ready' | 'metrics' | 'openapi'> {
  return {
    live: async () => ({ body: { status: 'live' } }),
    async ready() {
      const { ready, checks } = await readiness.ask();
      return { status: ready ? 200 : 503, body: { status: ready ? 'ready' : 'not_ready', checks: { ...checks } } };
    },
    async metrics({ principal, correlationId }) {
      const { contentType, body } = await bus.request(
        metricsExposition,
        {},
        envelopeOf({ principal, correlationId, params: null }),
      );
      return { headers: { 'Content-Type': contentType }, body };
    },
    openapi: async () => ({ body: openApiDocument() as never }),
  };
}

function sessionAnswer({ session, replayed }: Outcome): { headers: Record<string, string>; body: SessionView } {
  return { headers: { ...versionTag(session), ...(replayed && { 'Idempotent-Replayed': 'true' }) }, body: session };
}

/** What `If-Match` takes. */
function versionTag({ version }: { readonly version: number }): Record<string, string> {
  return { ETag: `"${version}"` };
}

function envelopeOf({
  principal,
  correlationId,
  params,
}: Omit<ById, 'params'> & { readonly params: { readonly id: string } | null }): Envelope {
  return {
    id: newId(),
    correlationId,
    causationId: null,
    tenant: principal.tenant,
    principal: `user:${principal.id}`,
    sessionId: params?.id ?? null,
  };
}
