import type { NatsBus } from '@oio/messaging';
import type { Database } from '@oio/persistence';
import type { Dependency } from './readiness.ts';

/** PostgreSQL, by a question that costs it nothing. */
export function databaseDependency(database: Database): Dependency {
  const about = { name: 'postgres', optional: false, figures: {} } as const;
  return {
    ...about,
    async report() {
      const askedAtMs = performance.now();
      try {
        await database.now();
        return { ...about, state: 'ok', latencyMs: performance.now() - askedAtMs, detail: 'It answers.' };
      } catch {
        return { ...about, state: 'down', latencyMs: null, detail: 'It cannot be reached.' };
      }
    },
  };
}

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
