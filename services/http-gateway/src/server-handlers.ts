import { NotFoundError } from '@oio/errors';
import type { ServerList } from './ports.ts';
import type { RouteHandlers } from './route-types.ts';

export interface ServerParts {
  readonly servers: ServerList;
}

type Names = 'listServers' | 'drainServer' | 'acceptServer';

/** The OpenCode servers belong to no tenant: they are an operator's. */
export function createServerHandlers({ servers }: ServerParts): Pick<RouteHandlers, Names> {
  const drain = async (id: string, asked: boolean) => {
    const body = await servers.drain(id, asked);
    if (body) return { body };
    throw new NotFoundError('There is no such OpenCode server.', { code: 'server_not_found' });
  };
  return {
    listServers: async () => ({ body: { servers: [...(await servers.all())] } }),
    drainServer: ({ params: { id } }) => drain(id, true),
    acceptServer: ({ params: { id } }) => drain(id, false),
  };
}
