import type { Database } from '@oio/persistence';
import type { Prompt } from '../../src/agent-server/sessions.ts';
import type { AgentServer } from '../../src/ports.ts';

/**
 * Holds prompts or resumes back, as if the process had been stopped right before they reached the socket: from then on it
 * does not reach the database either.
 */
export function freezer(what: 'prompt' | 'resume' = 'prompt') {
  const reached = Promise.withResolvers<void>();
  const thawed = Promise.withResolvers<void>();
  const calls: Promise<unknown>[] = [];
  let isFrozen = false;
  return {
    reached: reached.promise,
    before(agent: AgentServer): AgentServer {
      const call = agent[what].bind(agent);
      Object.defineProperty(agent, what, {
        value: (given: Prompt) => {
          isFrozen = true;
          reached.resolve();
          const made = thawed.promise.then(() => call(given));
          calls.push(made);
          return made;
        },
      });
      return agent;
    },
    reach: (database: Database): Database => ({
      ...database,
      query: async (...asked) => {
        if (isFrozen) await thawed.promise;
        return database.query(...asked);
      },
    }),
    async thaw(): Promise<void> {
      thawed.resolve();
      await Promise.allSettled(calls);
    },
    [Symbol.dispose]: () => thawed.resolve(),
  };
}
