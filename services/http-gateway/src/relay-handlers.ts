import { diffWorkspace, metricsExposition, sessionMetrics } from '@oio/contracts';
import type { Bus, Envelope } from '@oio/messaging';
import type { GatewayRouter } from '@oio/ownership';
import { newId } from '@oio/runtime';
import { dependencyMetrics } from './dependency-metrics.ts';
import { serverMetrics } from './server-metrics.ts';
import type { Principal, SessionReader, ServerList } from './ports.ts';
import type { Readiness } from './readiness.ts';
import { standingOf } from './read-handlers.ts';
import type { RouteHandlers } from './route-types.ts';
import { noSuchSession } from './session-commands.ts';
import type { SessionStreams } from './session-streams.ts';

export interface RelayParts {
  readonly bus: Bus;
  readonly gateways: GatewayRouter;
  readonly readiness: Readiness;
  readonly reader: SessionReader;
  readonly servers: ServerList;
  readonly streams: SessionStreams;
}

type Names = 'getDiff' | 'getMetrics' | 'metrics' | 'streamSession';

/** What the other services are asked for, and what they tell by themselves. */
export function createRelayHandlers({
  bus,
  gateways,
  reader,
  readiness,
  servers,
  streams,
}: RelayParts): Pick<RouteHandlers, Names> {
  return {
    async getDiff(request) {
      const { id } = request.params;
      const snapshot = await reader.session(request.principal.tenant, id);
      if (!snapshot) throw noSuchSession();
      const { workspace, attempt, commit } = snapshot;
      if (!workspace || !attempt) return { body: { diff: null } };
      const { serverId } = attempt;
      return { body: await gateways.read(diffWorkspace, { workspace, commit }, envelopeOf(request, id), { serverId }) };
    },
    async getMetrics(request) {
      const { id } = request.params;
      await standingOf(reader, request.principal.tenant, id);
      return { body: await bus.request(sessionMetrics, { sessionId: id }, envelopeOf(request, id)) };
    },
    metrics: (request) => exposition({ bus, readiness, servers }, envelopeOf(request, null)),
    async streamSession({ params: { id }, query, headers, principal: { tenant }, standAside }) {
      await standingOf(reader, tenant, id);
      standAside();
      const after = headers.lastEventId ?? query.after;
      return { body: (response) => streams.open({ tenant, sessionId: id, after, response }) };
    },
  };
}

async function exposition(
  { bus, readiness, servers }: Pick<RelayParts, 'bus' | 'readiness' | 'servers'>,
  envelope: Envelope,
) {
  const [{ contentType, body }, { dependencies }, known] = await Promise.all([
    bus.request(metricsExposition, {}, envelope),
    readiness.ask(),
    // Without the database the rest is worth all the more.
    servers.all().catch(() => []),
  ]);
  const text = body + dependencyMetrics(dependencies) + serverMetrics(known);
  return { headers: { 'Content-Type': contentType }, body: text };
}

/** The request as a message to another service, about a session or none. */
export function envelopeOf(
  { principal, correlationId }: { readonly principal: Principal; readonly correlationId: string },
  sessionId: string | null,
): Envelope {
  const { tenant, id } = principal;
  return { id: newId(), correlationId, causationId: null, tenant, principal: `user:${id}`, sessionId };
}
