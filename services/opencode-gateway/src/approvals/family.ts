import type { SessionRef } from '../agent-server/sessions.ts';
import type { AgentServer } from '../ports.ts';

/** The sessions of a conversation: its own, and the sub-sessions below it. */
export class Family {
  readonly #ref: SessionRef;
  readonly #known = new Map<string, boolean>();

  constructor(ref: SessionRef) {
    this.#ref = ref;
    this.#known.set(ref.sessionId, true);
  }

  async has(agent: AgentServer, sessionId: string): Promise<boolean> {
    const known = this.#known.get(sessionId);
    if (known !== undefined) return known;
    const session = await agent.getSession({ ...this.#ref, sessionId });
    // One that is gone is not remembered: its id tells nothing.
    if (!session) return false;
    const isOurs = session.parentId !== null && (await this.has(agent, session.parentId));
    this.#known.set(sessionId, isOurs);
    return isOurs;
  }
}
