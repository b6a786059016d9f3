import type { NewServer } from '@oio/contracts';
import { AppError, ConflictError, InvalidError, NotFoundError } from '@oio/errors';
import type { KnownServer } from './fleet.ts';
import type { AgentServer } from './ports.ts';
import type { ServerTable } from './server-table.ts';

export interface Registry {
  readonly table: ServerTable;
  readonly connect: (server: KnownServer) => AgentServer;
}

/**
 * Enters somebody else's server for all gateways. Throws `InvalidError` code `server_unusable` or `no_password` for one that
 * is not in order at this moment, `ConflictError` code `server_managed` for an id that a gateway uses itself.
 */
export async function registerServer({ table, connect }: Registry, wanted: NewServer): Promise<void> {
  if ((await table.all()).some(({ id, managed }) => id === wanted.id && managed)) throw isManaged(wanted.id);
  const server = { ...wanted, managed: false };
  await using agent = connect({ ...server, draining: null });
  await mustBeInOrder(agent);
  await table.enter(server);
}

/** Throws `NotFoundError`; `ConflictError` code `server_managed`, or `server_in_use` until it is drained and its turns have ended. */
export async function removeServer({ table }: Pick<Registry, 'table'>, serverId: string): Promise<void> {
  if (await table.unregister(serverId)) return;
  const server = (await table.all()).find(({ id }) => id === serverId);
  if (!server) throw new NotFoundError('There is no such OpenCode server.', { code: 'server_not_found' });
  if (server.managed) throw isManaged(serverId);
  throw new ConflictError('Drain the server first, and let its turns end: sessions may be at work on it.', {
    code: 'server_in_use',
  });
}

async function mustBeInOrder(agent: AgentServer): Promise<void> {
  if (await refusesStrangers(agent)) return;
  throw new InvalidError('It lets in whoever asks: start it with a password (OPENCODE_SERVER_PASSWORD).', {
    code: 'no_password',
  });
}

async function refusesStrangers(agent: AgentServer): Promise<boolean> {
  try {
    await agent.health();
    return await agent.refusesStrangers();
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    throw new InvalidError(`The server cannot be used: ${cause.message}`, { code: 'server_unusable', cause });
  }
}

function isManaged(serverId: string): ConflictError {
  return new ConflictError(`The server ${serverId} is started and looked after by a gateway.`, {
    code: 'server_managed',
  });
}
