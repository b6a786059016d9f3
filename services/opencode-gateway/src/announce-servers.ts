import { serverAnnounced } from '@oio/contracts';
import type { Bus } from '@oio/messaging';
import type { Fleet } from './fleet.ts';

/** What another gateway says of a server holds for this long, in milliseconds. */
const HOLDS_MS = 3_000;

export interface ServerAnnouncer {
  announce(): void;
  readonly end: () => Promise<void>;
}

/** Tells of each server and how it is; of one that only others can reach nothing, because they do. */
export async function createServerAnnouncer(bus: Bus, fleet: Fleet, gateway: string): Promise<ServerAnnouncer> {
  const healthyElsewhere = new Map<string, number>();
  const end = await bus.subscribe([serverAnnounced], {
    handler(news) {
      if (news.healthy && news.gateway !== gateway) healthyElsewhere.set(news.serverId, performance.now());
    },
  });
  return {
    end,
    announce() {
      for (const { server, up, version, trouble } of fleet.states()) {
        const heardAtMs = healthyElsewhere.get(server.id) ?? -HOLDS_MS;
        if (!up && performance.now() - heardAtMs < HOLDS_MS) continue;
        const { id: serverId, capacity, draining } = server;
        const accepting = draining === null;
        const detail = trouble ?? draining;
        bus.announce(serverAnnounced, { serverId, healthy: up, accepting, capacity, version, detail, gateway });
      }
    },
  };
}
