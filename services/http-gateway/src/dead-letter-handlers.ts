import { ConflictError, NotFoundError } from '@oio/errors';
import type { DeadLetter, DeadLetters } from '@oio/persistence';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Replay } from './replay-message.ts';
import type { RouteHandlers } from './route-types.ts';

export interface DeadLetterParts {
  readonly letters: Pick<DeadLetters, 'list' | 'get' | 'markReplayed'>;
  readonly replay: Replay;
}

type Names = 'listDeadLetters' | 'getDeadLetter' | 'replayDeadLetter';

/** Letters are of no tenant: they are an operator's. */
const CURSOR = { tenant: '', filter: 'dead-letters' };

/** Messages that could not be used: an operator looks into them, and sends them again once the reason is gone. */
export function createDeadLetterHandlers({ letters, replay }: DeadLetterParts): Pick<RouteHandlers, Names> {
  return {
    async listDeadLetters({ query: { limit, cursor } }) {
      const after = cursor === undefined ? null : decodeCursor(cursor, CURSOR);
      const found = await letters.list({ limit, after });
      const last = found.length === limit ? found.at(-1) : undefined;
      const nextCursor = last ? encodeCursor(last.id, CURSOR) : null;
      return { body: { deadLetters: found.map(({ payload: _, ...summary }) => summary), nextCursor } };
    },
    async getDeadLetter({ params: { id } }) {
      return { body: await letterOf(letters, id) };
    },
    async replayDeadLetter({ params: { id } }) {
      const letter = await letterOf(letters, id);
      await replay(letter.subject, bodyOf(letter));
      await letters.markReplayed(id);
      return { body: await letterOf(letters, id) };
    },
  };
}

async function letterOf(letters: DeadLetterParts['letters'], id: string): Promise<DeadLetter> {
  const letter = await letters.get(id);
  if (letter) return letter;
  throw new NotFoundError('There is no such dead letter.', { code: 'dead_letter_not_found' });
}

function bodyOf({ payload, encoding, truncated }: DeadLetter): string {
  if (truncated) {
    throw new ConflictError('Only its beginning was kept, so that it cannot be sent again.', {
      code: 'dead_letter_truncated',
    });
  }
  return encoding === 'text' ? payload : Buffer.from(payload, 'base64').toString('utf8');
}
