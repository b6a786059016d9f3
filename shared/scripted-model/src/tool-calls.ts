import type { ToolCall } from './script.ts';

/*
 * Calls of the tools that OpenCode 1.18.33 offers, under its names and schemas. `glob` and `grep` are left out: they need
 * ripgrep, which OpenCode downloads at first use, so that they fail where there is no network.
 */

/** Writes a file, and the directories above it. The path is absolute, as it is for `read` and `edit`. */
export const write = (filePath: string, content: string): ToolCall => ({ name: 'write', input: { filePath, content } });

/** Reads a file, or lists a directory. */
export const read = (filePath: string): ToolCall => ({ name: 'read', input: { filePath } });

/** Replaces a text that stands in the file exactly once. */
export const edit = (filePath: string, oldString: string, newString: string): ToolCall => {
  return { name: 'edit', input: { filePath, oldString, newString } };
};

/** Runs a shell command in the session's directory. */
export const bash = (command: string): ToolCall => ({ name: 'bash', input: { command } });

export interface Todo {
  readonly content: string;
  readonly status: 'pending' | 'in_progress' | 'completed' | 'cancelled';
  readonly priority: 'high' | 'medium' | 'low';
}

/** Replaces the to-do list. */
export const todowrite = (todos: readonly Todo[]): ToolCall => ({ name: 'todowrite', input: { todos } });

/** Asks the user, who may choose one of these or answer anything. */
export const question = (asked: string, labels: readonly string[]): ToolCall => {
  const options = labels.map((label) => ({ label, description: `It is ${label}.` }));
  return { name: 'question', input: { questions: [{ question: asked, header: 'Choice', options }] } };
};
