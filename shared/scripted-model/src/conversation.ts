import { join } from 'node:path';
import { InvalidError } from '@oio/errors';
import type { ChatMessage, ChatRequest } from './chat-request.ts';

/** What a script sees of a model call: everything that it may decide by, so that the endpoint needs no memory. */
export interface Conversation {
  /** The OpenCode session that asks (header `x-session-id`); null for another client. */
  readonly sessionId: string | null;
  readonly model: string;
  readonly system: string;
  /** The names of the tools that the agent may use. */
  readonly tools: readonly string[];
  /** The user's messages, oldest first. */
  readonly prompts: readonly string[];
  /** What the model has said in it, oldest first; after a compaction the summary. */
  readonly answers: readonly string[];
  /** The steps that the agent has finished since the last prompt, oldest first. */
  readonly steps: readonly FinishedStep[];
  readonly messageCount: number;
}

/** An answer with tool calls of which none was interrupted, and what the tools said. */
export interface FinishedStep {
  readonly toolCalls: readonly { readonly name: string; readonly input: string; readonly result: string }[];
}

/** Reads the conversation out of a request. A step that a crash or an abort cut off is not finished: it comes again. */
export function readConversation(request: ChatRequest, sessionId: string | null): Conversation {
  const { messages } = request;
  const lastPrompt = messages.findLastIndex((message) => message.role === 'user');
  return {
    sessionId,
    model: request.model,
    system: contentOf(messages, ['system', 'developer']).join('\n'),
    tools: request.tools.map((tool) => tool.function.name),
    prompts: contentOf(messages, ['user']),
    answers: contentOf(messages, ['assistant']),
    steps: finishedSteps(messages.slice(lastPrompt + 1)),
    messageCount: messages.length,
  };
}

/** The results of the step before this one, in the order of its calls; empty in the first step. */
export function lastResults(conversation: Conversation): readonly string[] {
  return conversation.steps.at(-1)?.toolCalls.map((call) => call.result) ?? [];
}

/**
 * The absolute path of something in the session's project, `.` for the project itself. The directory is taken from the environment block that OpenCode
 * puts into the system prompt, so that worktrees work. Throws `InvalidError` when there is none.
 */
export function projectPath(conversation: Conversation, path: string): string {
  const directory = /^\s*Working directory: (.+)$/m.exec(conversation.system)?.[1]?.trim();
  if (!directory)
    throw new InvalidError('The system prompt names no working directory, so the script cannot name files.');
  return join(directory, path);
}

function contentOf(messages: readonly ChatMessage[], roles: readonly ChatMessage['role'][]): string[] {
  return messages.filter((message) => roles.includes(message.role)).map((message) => message.content);
}

/** The words with which OpenCode 1.18 hands over the result of a tool call that did not run to its end. */
const INTERRUPTED = /\[Tool execution was interrupted\]|Tool execution aborted|User aborted the command/;

function finishedSteps(messages: readonly ChatMessage[]): FinishedStep[] {
  const results = new Map(
    messages.flatMap((message) => (message.role === 'tool' ? [[message.tool_call_id, message.content]] : [])),
  );
  const steps: FinishedStep[] = [];
  for (const message of messages) {
    if (message.role !== 'assistant' || message.tool_calls.length === 0) continue;
    const toolCalls = message.tool_calls.map(({ id, function: { name, arguments: input } }) => {
      return { name, input, result: results.get(id) };
    });
    if (toolCalls.every(hasFinished)) steps.push({ toolCalls });
  }
  return steps;
}

function hasFinished<T extends { readonly result: string | undefined }>(
  call: T,
): call is T & { readonly result: string } {
  return call.result !== undefined && !INTERRUPTED.test(call.result);
}
