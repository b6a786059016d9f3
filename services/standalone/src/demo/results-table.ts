import type { SessionView } from '@oio/contracts';
import { STATUS_DISPLAY } from '@oio/domain';
import Table from 'cli-table3';
import type { Outcome } from './collect-outcomes.ts';
import { count, dollars, seconds } from './figures.ts';
import { fitted, printableLine, widthOf } from './printable.ts';
import { stylesOf } from './terminal.ts';

export interface TableStyle {
  /** Null where lines have no limit. */
  readonly columns: number | null;
  readonly colourDepth: number;
  /** Branches that are there: a session that changed nothing leaves none. */
  readonly branches: ReadonlySet<string>;
}

interface Column {
  readonly head: string;
  readonly align: 'left' | 'right';
  readonly cells: readonly string[];
  readonly width: number;
}

const GAP = 2;
const LONGEST_TITLE = 44;

/** The results of all sessions; where the terminal is narrow, as several tables one below the other. */
export function resultsTable(outcomes: readonly Outcome[], style: TableStyle): string {
  const [titles, ...rest] = columnsOf(outcomes, style.branches);
  if (!titles) return '';
  const statuses = outcomes.map(({ session }) => session.status);
  const limit = style.columns ?? Number.POSITIVE_INFINITY;
  const first = narrowed(titles, Math.min(LONGEST_TITLE, Math.floor(limit / 2)));
  return packed(rest, limit - first.width)
    .map((columns) => drawn([first, ...columns], statuses, style.colourDepth))
    .join('\n\n');
}

function columnsOf(outcomes: readonly Outcome[], branches: ReadonlySet<string>): Column[] {
  const column = (head: string, align: Column['align'], cell: (outcome: Outcome) => string): Column => {
    const cells = outcomes.map((outcome) => printableLine(cell(outcome)) || '–');
    return { head, align, cells, width: Math.max(...[head, ...cells].map(widthOf)) };
  };
  return [
    column('session', 'left', ({ session }) => session.title),
    column('type', 'left', ({ session }) => session.type),
    column('priority', 'left', ({ session }) => session.priority),
    column('state', 'left', ({ session: { status } }) => `${STATUS_DISPLAY[status].symbol} ${status}`),
    column('attempts', 'right', ({ session }) => String(session.attempt?.number ?? 0)),
    column('steps', 'right', ({ history }) =>
      count(history.filter(({ type }) => type === 'session.step-finished').length),
    ),
    column('tokens', 'right', ({ session }) => count(session.metrics.tokens.total)),
    column('cost', 'right', ({ session }) => dollars(session.metrics.costUsd)),
    column('time', 'right', ({ session }) => seconds(session.metrics.totalSeconds)),
    column('branch', 'left', ({ session: { workspaceInUse } }) =>
      branches.has(workspaceInUse?.branch ?? '') ? (workspaceInUse?.branch ?? '') : '',
    ),
    column('commit', 'left', ({ session }) => session.commit?.slice(0, 8) ?? ''),
  ];
}

function narrowed(column: Column, width: number): Column {
  if (column.width <= width) return column;
  return { ...column, width, cells: column.cells.map((cell) => fitted(cell, width)) };
}

/** Columns in groups that fit beside the first one; at least one in each. */
function packed(columns: readonly Column[], room: number): Column[][] {
  const groups: Column[][] = [];
  let left = 0;
  for (const column of columns) {
    left -= column.width + GAP;
    const group = groups.at(-1);
    if (group && left >= 0) group.push(column);
    else {
      groups.push([column]);
      left = room - column.width - GAP;
    }
  }
  return groups;
}

function drawn(columns: readonly Column[], statuses: readonly SessionView['status'][], colourDepth: number): string {
  const { bold, hue } = stylesOf({ colourDepth });
  const table = new Table({
    head: columns.map(({ head }) => bold(head)),
    colAligns: columns.map(({ align }) => align),
    chars: WITHOUT_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const [row, status] of statuses.entries()) {
    const cells = columns.map(({ head, cells: texts }) => {
      const text = texts[row] ?? '';
      return head === 'state' ? hue(STATUS_DISPLAY[status].colour, text) : text;
    });
    table.push(cells);
  }
  return withoutTrailingBlanks(table.toString());
}

const LINES =
  'top bottom left right mid top-mid top-left top-right bottom-mid bottom-left bottom-right left-mid mid-mid right-mid';
const WITHOUT_LINES = { ...Object.fromEntries(LINES.split(' ').map((name) => [name, ''])), middle: ' '.repeat(GAP) };

function withoutTrailingBlanks(text: string): string {
  return text.replaceAll(/[ ]+$/gm, '');
}
