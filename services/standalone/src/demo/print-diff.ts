import type { WorkspaceDiff } from '@oio/contracts';
import type { Outcome } from './collect-outcomes.ts';
import { printable, printableLine } from './printable.ts';
import { textOf } from './progress.ts';
import { stylesOf } from './terminal.ts';

const MOST_LINES = 80;
const INDENT = '  ';

/** What a session has changed, as a diff; for one that changed nothing, what it reported; for one that failed, why. */
export function sessionReport({ session, diff }: Outcome, colourDepth: number): string {
  const { bold, dim, red } = stylesOf({ colourDepth });
  const head = bold(printableLine(session.title));
  const lines: string[] = [];
  if (session.failure && session.status !== 'completed')
    lines.push(red(printableLine(`${session.failure.code}: ${session.failure.message}`)));
  const changed = diff !== null && diff.files.length > 0;
  if (changed)
    lines.push(dim(summaryOf(diff, session.workspaceInUse?.branch ?? null)), ...patchLines(diff, colourDepth));
  const text = textOf(session.metrics.result);
  if (!changed)
    lines.push(
      dim(text ? 'No files changed. It reported:' : 'No files changed.'),
      ...capped(printable(text).trim().split('\n')),
    );
  return [head, ...lines.map((line) => INDENT + line)].join('\n');
}

function summaryOf({ files }: WorkspaceDiff, branch: string | null): string {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const added = sum(files.map(({ additions }) => additions));
  const deleted = sum(files.map(({ deletions }) => deletions));
  return `${files.length} ${files.length === 1 ? 'file' : 'files'}, +${added} −${deleted}${branch === null ? '' : `, on branch ${printableLine(branch)}`}`;
}

function patchLines({ patch, truncated }: WorkspaceDiff, colourDepth: number): string[] {
  const { bold, red, green, cyan } = stylesOf({ colourDepth });
  const colour = (line: string): string => {
    if (/^(?:diff |index |--- |\+\+\+ |new file|deleted file|similarity|rename )/.test(line)) return bold(line);
    if (line.startsWith('@@')) return cyan(line);
    if (line.startsWith('+')) return green(line);
    return line.startsWith('-') ? red(line) : line;
  };
  const lines = capped(printable(patch).trimEnd().split('\n')).map(colour);
  return truncated ? [...lines, '… (the diff is longer than the orchestrator passes on)'] : lines;
}

function capped(lines: readonly string[]): readonly string[] {
  if (lines.length <= MOST_LINES) return lines;
  return [...lines.slice(0, MOST_LINES), `… ${lines.length - MOST_LINES} more lines`];
}
