import type { ForkedFrom, Place } from '@oio/contracts';
import { toldUpTo } from '@oio/domain';
import { InvalidError, NotFoundError } from '@oio/errors';
import type { SessionStore } from './ports.ts';

export interface ForkPoint {
  readonly sessionId: string;
  readonly checkpoint: number;
}

/** What a fork takes over, and the commit that it starts from. */
export interface ForkSource {
  readonly forkedFrom: ForkedFrom;
  readonly commit: string;
}

/** Reads the checkpoint that a session is to go on from. The source is only read, whatever it does meanwhile. */
export async function forkSource(
  store: Pick<SessionStore, 'session' | 'checkpoint'>,
  { sessionId, checkpoint: sequence }: ForkPoint,
  tenant: string,
): Promise<ForkSource> {
  const [source, checkpoint] = await Promise.all([store.session(sessionId), store.checkpoint(sessionId, sequence)]);
  if (!source || source.tenant !== tenant || source.deletedAt !== null)
    throw new NotFoundError('There is no such session.', { code: 'session_not_found' });
  if (!checkpoint) throw unusable(`There is no checkpoint ${sequence}, or it is no longer kept.`);
  const { fileSnapshot, openCodeSessionId, lastMessageId, todos } = checkpoint.resume;
  if (fileSnapshot === null)
    throw unusable(
      `Checkpoint ${sequence} holds no files: there was no git, they could not be kept, or the next step ended before they were: take another one.`,
    );
  const directory = source.workspace?.path ?? null;
  // What waits in its queue is not part of its work.
  const prompt = toldUpTo(source, checkpoint.attempt).join('\n\n');
  const forkedFrom = { sessionId, checkpoint: sequence, directory, prompt, openCodeSessionId, lastMessageId, todos };
  return { forkedFrom, commit: fileSnapshot };
}

/** The place of the fork: the same project in a worktree that starts from the commit. */
export function forkPlace(place: Place, { commit }: ForkSource): Place {
  if (!place.repository) throw unusable('The directory of the session is no longer part of a git repository.');
  return { ...place, workspace: 'worktree', repository: { ...place.repository, revision: commit } };
}

function unusable(message: string): InvalidError {
  const violations = [{ field: 'checkpoint', code: 'invalid', message }];
  return new InvalidError('The session cannot be forked.', { violations });
}
