import type { Prompt } from '../../src/agent-server/sessions.ts';
import type { AgentServer } from '../../src/ports.ts';

/** Holds prompts or resumes back, as if the process had been stopped right before they reached the socket. */
export function freezer(what: 'prompt' | 'resume' = 'prompt') {
  const reached = Promise.withResolvers<void>();
  const thawed = Promise.withResolvers<void>();
  const calls: Promise<unknown>[] = [];
  return {
    reached: reached.promise,
    before(agent: AgentServer): AgentServer {
      const call = agent[what].bind(agent);
      Object.defineProperty(agent, what, {
        value: (given: Prompt) => {
          reached.resolve();
          const made = thawed.promise.then(() => call(given));
          calls.push(made);
          return made;
        },
      });
      return agent;
    },
    async thaw(): Promise<void> {
      thawed.resolve();
      await Promise.allSettled(calls);
    },
    [Symbol.dispose]: () => thawed.resolve(),
  };
}
