import type { Failure, FollowUpView, StoredSessionEvent } from '@oio/contracts';
import { printable } from './printable.ts';

const CHARACTERS = 100;

/** A further prompt in one line. */
export function promptLine({ id, state, prompt, failure }: FollowUpView): string {
  return printable(`${state}${whyNot(failure)}  ${id}  ${excerptOf(prompt)}`);
}

/** What an event says of a prompt; null for others. */
export function promptDetail({ type, data }: StoredSessionEvent): string | null {
  if (type === 'session.prompt-queued') return `${data.promptId}  ${excerptOf(data.prompt)}`;
  if (type === 'session.prompt-started') return `${data.promptId}  attempt ${data.attempt}`;
  if (type !== 'session.prompt-ended') return null;
  return `${data.promptId ?? 'the first prompt'}  ${data.state}${whyNot(data.failure)}`;
}

function whyNot(failure: Pick<Failure, 'code' | 'message'> | null): string {
  return failure ? `, ${failure.code}: ${failure.message}` : '';
}

function excerptOf(text: string): string {
  const line = text.replace(/\s+/gu, ' ').trim();
  return line.length > CHARACTERS ? `${line.slice(0, CHARACTERS)}…` : line;
}
