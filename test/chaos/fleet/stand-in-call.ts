/** A call that an OpenCode stand-in counted. */
export interface StandInCall {
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly kind: 'create' | 'prompt' | 'resume' | 'abort' | 'delete' | 'events' | 'health' | 'answer' | 'read';
  /** Our session; null when the call says nothing of one. */
  readonly sessionId: string | null;
  readonly messageId: string | null;
  /** Whether a fault came in place of it, so that it had no effect, or only of its answer; null when it met none. */
  readonly faultWhen: 'before' | 'after' | null;
}
