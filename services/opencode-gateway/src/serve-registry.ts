import { registerServer as register, removeServer as remove } from '@oio/contracts';
import { type Bus, serveAll } from '@oio/messaging';
import { type Registry, registerServer, removeServer } from './register-server.ts';

/** Sees to the servers that others run, as any gateway can. */
export function serveRegistry(bus: Bus, registry: Registry): Promise<() => Promise<void>> {
  return serveAll(
    bus,
    { register, remove },
    {
      async register({ payload }) {
        await registerServer(registry, payload);
        return { registered: true as const };
      },
      async remove({ payload: { serverId } }) {
        await removeServer(registry, serverId);
        return { removed: true as const };
      },
    },
  );
}
