import type { Client, SessionMessage } from '@oio/sdk';
import { advance, hasEnded, initialProgress, type Progress } from './progress.ts';

/** A session that was submitted. */
export interface Watched {
  readonly id: string;
  readonly title: string;
}

export interface WatchOptions {
  readonly client: Client;
  readonly sessions: readonly Watched[];
  /** Ends the watching, wherever the sessions are. */
  readonly signal: AbortSignal;
  readonly onMessage: (id: string, progress: Progress, message: SessionMessage) => void;
}

/** Follows the event stream of each session until all have ended. */
export async function watchSessions({ client, sessions, signal, onMessage }: WatchOptions): Promise<void> {
  const watch = async ({ id, title }: Watched): Promise<void> => {
    let progress = initialProgress(title);
    for await (const message of client.stream(id, { signal })) {
      progress = advance(progress, message);
      onMessage(id, progress, message);
      if (hasEnded(progress)) return;
    }
  };
  await Promise.all(sessions.map(watch));
}
