import { newId } from './new-id.ts';

/** What a turn waits for somebody to say. Kept in memory only, and without a limit of time, as in OpenCode. */
export interface Asked {
  readonly id: string;
  readonly kind: 'permission' | 'question';
  readonly sessionID: string;
  readonly directory: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Said {
  readonly reply: string;
  readonly message?: string;
  /** To a question: one list of texts for each part of it. */
  readonly answers?: readonly (readonly string[])[];
}

export class RequestsForPeople {
  readonly #waiting = new Map<string, { readonly asked: Asked; readonly answer: (said: Said) => void }>();

  /** Resolves when somebody answers; rejects with the signal's reason. */
  ask(question: Omit<Asked, 'id'>, signal: AbortSignal, onAsked: (asked: Asked) => void): Promise<Said> {
    const asked = { ...question, id: newId(question.kind === 'permission' ? 'per' : 'que') };
    const { promise, resolve, reject } = Promise.withResolvers<Said>();
    this.#waiting.set(asked.id, { asked, answer: resolve });
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    onAsked(asked);
    return promise.finally(() => {
      signal.removeEventListener('abort', onAbort);
      this.#waiting.delete(asked.id);
    });
  }

  /** False when nobody waits for that, or it was asked in another directory. */
  answer(kind: Asked['kind'], place: { readonly id: string; readonly directory: string }, said: Said): boolean {
    const found = this.#waiting.get(place.id);
    if (found?.asked.kind !== kind || found.asked.directory !== place.directory) return false;
    this.#waiting.delete(place.id);
    found.answer(said);
    return true;
  }

  pending(kind: Asked['kind'], directory: string): Asked[] {
    return [...this.#waiting.values()]
      .map(({ asked }) => asked)
      .filter((asked) => asked.kind === kind && asked.directory === directory);
  }
}
