import { registerServer, removeServer, type ServerView } from '@oio/contracts';
import { NotFoundError } from '@oio/errors';
import { type Bus, type Envelope, serviceEnvelope } from '@oio/messaging';
import type { Principal, ServerList } from './ports.ts';
import type { RouteHandlers } from './route-types.ts';

export interface ServerParts {
  readonly bus: Bus;
  readonly servers: ServerList;
}

type Names = 'listServers' | 'registerServer' | 'removeServer' | 'drainServer' | 'acceptServer';

/** A server in order may stand still for eight seconds before it says that it is well. */
const SEEN_MS = 20_000;

/** The OpenCode servers belong to no tenant: they are an operator's. */
export function createServerHandlers({ bus, servers }: ServerParts): Pick<RouteHandlers, Names> {
  const found = (server: ServerView | null | undefined): ServerView => {
    if (server) return server;
    throw new NotFoundError('There is no such OpenCode server.', { code: 'server_not_found' });
  };
  const one = async (wanted: string) => found((await servers.all()).find(({ id }) => id === wanted));
  const drain = async (id: string, asked: boolean) => ({ body: found(await servers.drain(id, asked)) });
  return {
    listServers: async () => ({ body: { servers: [...(await servers.all())] } }),
    async registerServer({ body, ...request }) {
      await bus.request(registerServer, body, envelopeOf(request), { timeoutMs: SEEN_MS });
      return { body: await one(body.id) };
    },
    async removeServer({ params: { id }, ...request }) {
      const server = await one(id);
      await bus.request(removeServer, { serverId: id }, envelopeOf(request));
      return { body: server };
    },
    drainServer: ({ params: { id } }) => drain(id, true),
    acceptServer: ({ params: { id } }) => drain(id, false),
  };
}

function envelopeOf({ principal, correlationId }: { principal: Principal; correlationId: string }): Envelope {
  const { tenant, id } = principal;
  return { ...serviceEnvelope('http-gateway', { tenant }), correlationId, principal: `user:${id}` };
}
