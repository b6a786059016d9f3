import type { NatsBus } from '@oio/messaging';
import type { Dependency } from './readiness.ts';

/** NATS: the client knows by its own pings whether there is a connection. */
export function busDependency(bus: NatsBus): Dependency {
  const about = { name: 'nats', optional: false, latencyMs: null } as const;
  return {
    ...about,
    async report() {
      const figures = { connected: bus.isConnected ? 1 : 0 };
      if (bus.isConnected) return { ...about, figures, state: 'ok', detail: 'There is a connection.' };
      return { ...about, figures, state: 'down', detail: 'There is no connection; it is tried again and again.' };
    },
  };
}
