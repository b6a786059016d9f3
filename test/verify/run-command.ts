import { type ChildProcess, spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const TOOLS = join(REPOSITORY, 'node_modules', '.bin');
const NODE = join(REPOSITORY, 'node_modules', 'node', 'bin');
/** No tool needs that long; one that hangs must not hang the gate. */
const TIME_LIMIT_MS = 5 * 60_000;

export interface CommandResult {
  readonly exitCode: number;
  readonly output: string;
}

/** Runs one of the project's tools in a directory; what it wrote to both streams comes back as one text. */
export async function runCommand(root: string, tool: string, args: readonly string[]): Promise<CommandResult> {
  const child = spawn(toolPath(tool), args, { cwd: root, env: toolEnvironment(), timeout: TIME_LIMIT_MS });
  const exited = exitOf(child);
  const [stdout, stderr, exit] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return {
    exitCode: exit,
    output: [stdout, stderr]
      .map((part) => part.trim())
      .join('\n')
      .trim(),
  };
}

/** Where a tool lies that the project brings along. */
export function toolPath(tool: string): string {
  return join(TOOLS, tool);
}

/** The tools find the project's own Node first, and write plain text. */
export function toolEnvironment(): NodeJS.ProcessEnv {
  const path = [NODE, TOOLS, process.env['PATH']].join(delimiter);
  return { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', PATH: path };
}

/** Exit code of a process; one that was ended by a signal counts as failed. */
export function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
