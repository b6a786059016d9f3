import { ASKED_AT_MOST, type Asked } from '@oio/contracts';
import type { AskedQuestion, PermissionRequest, QuestionRequest } from '../agent-server/requests.ts';
import type { SessionRef } from '../agent-server/sessions.ts';

/** What an agent waits for: what OpenCode said of it, and the server's own words for answering it. */
export type Request =
  | { readonly kind: 'permission'; readonly request: PermissionRequest }
  | { readonly kind: 'question'; readonly request: QuestionRequest };

/** A request as the owner is told of it, cut to what a record holds. `ref` is the conversation of the turn. */
export function askedOf(asking: Request, ref: SessionRef): Asked {
  const { requestId, sessionId } = asking.request;
  const about = { requestId, openCodeSessionId: sessionId, fromSubSession: sessionId !== ref.sessionId };
  if (asking.kind === 'question') {
    const questions = asking.request.questions.slice(0, ASKED_AT_MOST.questions).map(cutQuestion);
    return { kind: 'question', ...about, tool: 'question', ...NO_DETAILS, questions };
  }
  const { permission, patterns, command, file, diff } = asking.request;
  return {
    kind: 'permission',
    ...about,
    tool: cut(permission, ASKED_AT_MOST.label),
    patterns: patterns.slice(0, ASKED_AT_MOST.patterns).map((pattern) => cut(pattern, ASKED_AT_MOST.pattern)),
    command: command === null ? null : cut(command, ASKED_AT_MOST.command),
    file: file === null ? null : cut(file, ASKED_AT_MOST.file),
    diff: diff === null ? null : cut(diff, ASKED_AT_MOST.diff),
    questions: [],
  };
}

const NO_DETAILS = { patterns: [], command: null, file: null, diff: null };

function cutQuestion({ header, question, options, multiple }: AskedQuestion): Asked['questions'][number] {
  return {
    header: cut(header, ASKED_AT_MOST.label),
    question: cut(question, ASKED_AT_MOST.question),
    options: options.slice(0, ASKED_AT_MOST.options).map(({ label, description }) => ({
      label: cut(label, ASKED_AT_MOST.label),
      description: cut(description, ASKED_AT_MOST.description),
    })),
    multiple,
  };
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
