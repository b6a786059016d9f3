import type { SessionEvent } from '../agent-server/events.ts';

/**
 * How many calls of models failed before the one that was answered. Only events and the activity tell: OpenCode numbers its
 * tries of a message 1, 2, 3 …, and forgets them.
 */
export class CallErrors {
  /** Of the message that each conversation waits for. */
  readonly #present = new Map<string, number>();
  readonly #byMessage = new Map<string, number>();

  noteEvent(event: SessionEvent): void {
    const { sessionId } = event;
    if (event.type === 'activity' && event.activity.type === 'retry') this.noteTry(sessionId, event.activity.attempt);
    if (event.type !== 'step_finished') return;
    // What fails from now on belongs to the next message.
    const failed = this.#present.get(sessionId);
    this.#present.delete(sessionId);
    if (failed) this.#byMessage.set(event.messageId, failed);
  }

  /** The try of that number has failed. One that nobody heard of counts as well. */
  noteTry(sessionId: string, number: number): void {
    this.#present.set(sessionId, Math.max(this.#present.get(sessionId) ?? 0, number));
  }

  /** Of a message that has ended; each is told once. */
  take(sessionId: string, messageId: string): number {
    const known = this.#byMessage.get(messageId);
    if (known !== undefined) this.#byMessage.delete(messageId);
    else if (this.#present.has(sessionId)) return this.#takePresent(sessionId);
    return known ?? 0;
  }

  #takePresent(sessionId: string): number {
    const failed = this.#present.get(sessionId) ?? 0;
    this.#present.delete(sessionId);
    return failed;
  }
}
