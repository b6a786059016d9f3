import { setTimeout as pause } from 'node:timers/promises';
import type { AgentServer } from '@oio/opencode-gateway';
import { createNullAgentServer } from '@oio/opencode-gateway/testing';

export type Agents = 'answer' | 'work' | 'hold';

/** What a turn of an agent at work takes: no two are alike, else all slots would become free at the same moment, and again after it. */
const WORK_MS = { shortest: 250, longest: 750 } as const;

/** The OpenCode server of the bench, as the environment of a gateway names it; nothing listens there. */
export function nullServers(slots: number): string {
  return JSON.stringify([{ id: 'null-1', url: 'http://127.0.0.1:9', password: 'nobody-asks-for-it', capacity: slots }]);
}

/** A server that answers every prompt with 1 KB, at once or after about half a second, or works on every one until it is stopped. */
export function createAgents(agents: Agents): AgentServer {
  const server = createNullAgentServer();
  if (agents === 'hold') return holding(server);
  return agents === 'work' ? working(server) : server;
}

function working(server: AgentServer): AgentServer {
  return {
    ...server,
    async prompt(prompt) {
      await pause(WORK_MS.shortest + Math.random() * (WORK_MS.longest - WORK_MS.shortest));
      await server.prompt(prompt);
    },
  };
}

function holding(server: AgentServer): AgentServer {
  const busy = new Map<string, { readonly type: 'busy' }>();
  return {
    ...server,
    async prompt(prompt) {
      busy.set(prompt.sessionId, { type: 'busy' });
      await server.prompt(prompt);
    },
    async abort(session) {
      busy.delete(session.sessionId);
      await server.abort(session);
    },
    messages: async (session) => (await server.messages(session)).filter(({ role }) => role === 'user'),
    activities: async () => busy,
  };
}
