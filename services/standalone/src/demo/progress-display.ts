import type { SessionMessage } from '@oio/sdk';
import { headLine, logLine, progressLine } from './progress-lines.ts';
import { initialProgress, type Progress } from './progress.ts';
import type { Terminal } from './terminal.ts';
import type { Watched } from './watch-sessions.ts';

/** Shows how far sessions are, until it is disposed of. */
export interface ProgressDisplay extends Disposable {
  show(id: string, progress: Progress, message: SessionMessage): void;
}

const REDRAW_MS = 100;

/** One line per session that is drawn again in place until the signal fires; where that cannot be, a line for each thing that happens. */
export function progressDisplay(
  terminal: Terminal,
  sessions: readonly Watched[],
  signal: AbortSignal,
): ProgressDisplay {
  return terminal.isInteractive && sessions.length + 1 < terminal.rows()
    ? inPlace(terminal, sessions, signal)
    : asLog(terminal);
}

function inPlace(terminal: Terminal, sessions: readonly Watched[], signal: AbortSignal): ProgressDisplay {
  const rows = new Map(sessions.map(({ id, title }) => [id, initialProgress(title)]));
  const draw = (): void => {
    const style = { columns: terminal.columns() ?? 80, colourDepth: terminal.colourDepth };
    const lines = [headLine(style), ...[...rows.values()].map((progress) => progressLine(progress, Date.now(), style))];
    // A line that is too long after all, say after a change of the window's size, must not push the others down.
    terminal.write(NO_WRAP + lines.map((line) => `${ERASE_LINE}${line}\n`).join('') + WRAP);
  };
  const redraw = (): void => {
    // Then other things have been written below, and the lines are not where they were.
    if (signal.aborted) return;
    terminal.write(up(rows.size + 1));
    draw();
  };
  terminal.write(HIDE_CURSOR);
  draw();
  const timer = setInterval(redraw, REDRAW_MS);
  return {
    show: (id, progress) => void rows.set(id, progress),
    [Symbol.dispose]() {
      clearInterval(timer);
      redraw();
      terminal.write(SHOW_CURSOR);
    },
  };
}

function asLog(terminal: Terminal): ProgressDisplay {
  return {
    show(_id, progress, message) {
      const line = logLine(progress, message, Date.now());
      if (line !== null) terminal.write(`${line}\n`);
    },
    [Symbol.dispose]: () => {},
  };
}

const ERASE_LINE = '\u001B[2K';
const NO_WRAP = '\u001B[?7l';
const WRAP = '\u001B[?7h';
const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';
const up = (lines: number): string => `\u001B[${lines}A`;
