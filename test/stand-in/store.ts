import type { Journal } from './journal.ts';
import type { AssistantInfo, Message, Session } from './wire.ts';

/** Sessions and messages. Ids of messages are global, as in OpenCode. */
export class Store {
  readonly sessions = new Map<string, Session>();
  readonly #messages = new Map<string, Message>();
  readonly #ofSession = new Map<string, string[]>();
  #journal: Journal | null = null;

  /** What is put before this was in the journal already. */
  keepIn(journal: Journal): void {
    this.#journal = journal;
  }

  putSession(session: Session): void {
    this.#journal?.append('session', session);
    this.sessions.set(session.id, session);
  }

  deleteSession(id: string): void {
    this.#journal?.append('deleted', id);
    this.sessions.delete(id);
    for (const messageId of this.#ofSession.get(id) ?? []) this.#messages.delete(messageId);
    this.#ofSession.delete(id);
  }

  /** Stores the message as it is now. Of a session that was deleted while it worked nothing is stored any more. */
  putMessage(message: Message): void {
    const { id, sessionID } = message.info;
    if (!this.sessions.has(sessionID)) return;
    this.#journal?.append('message', message);
    if (!this.#messages.has(id)) this.#ofSession.set(sessionID, [...(this.#ofSession.get(sessionID) ?? []), id]);
    this.#messages.set(id, message);
  }

  message(id: string): Message | null {
    return this.#messages.get(id) ?? null;
  }

  /** Oldest first. */
  messagesOf(sessionId: string): Message[] {
    return (this.#ofSession.get(sessionId) ?? []).flatMap((id) => this.#messages.get(id) ?? []);
  }

  /** The answers to a prompt, oldest first. */
  repliesTo(messageId: string, sessionId: string): AssistantInfo[] {
    return this.messagesOf(sessionId).flatMap(({ info }) =>
      info.role === 'assistant' && info.parentID === messageId ? [info] : [],
    );
  }
}
