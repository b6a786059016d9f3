import type { FollowUpView, StoredSessionEvent } from '@oio/contracts';
import { printable } from './printable.ts';

const CHARACTERS = 100;

/** A further prompt in one line. */
export function promptLine({ id, state, prompt, failure }: FollowUpView): string {
  const why = failure ? `, ${failure.code}: ${failure.message}` : '';
  return printable(`${state}${why}  ${id}  ${excerptOf(prompt)}`);
}

/** What an event of a prompt says of it. */
export function promptDetail({
  data,
}: StoredSessionEvent<'session.prompt-queued' | 'session.prompt-started' | 'session.prompt-ended'>): string {
  const id = data.promptId ?? 'the first prompt';
  if ('prompt' in data) return `${id}  ${excerptOf(data.prompt)}`;
  if ('attempt' in data) return `${id}  attempt ${data.attempt}`;
  return data.failure ? `${id}  ${data.state}, ${data.failure.code}: ${data.failure.message}` : `${id}  ${data.state}`;
}

function excerptOf(text: string): string {
  const line = text.replace(/\s+/gu, ' ').trim();
  return line.length > CHARACTERS ? `${line.slice(0, CHARACTERS)}…` : line;
}
