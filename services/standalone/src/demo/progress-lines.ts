import { STATUS_DISPLAY } from '@oio/domain';
import type { SessionMessage } from '@oio/sdk';
import { count, dollars, seconds } from './figures.ts';
import { fitted, printableLine, shorten, widthOf } from './printable.ts';
import type { Progress } from './progress.ts';
import { stylesOf } from './terminal.ts';

export interface LineStyle {
  readonly columns: number;
  readonly colourDepth: number;
}

const LEAST_FOR_DOING = 20;
const GAP = '  ';

/** One line for a session in a terminal: never wider than that. What fits least well is left out first. */
export function progressLine(progress: Progress, nowMs: number, { columns, colourDepth }: LineStyle): string {
  const { dim, hue } = stylesOf({ colourDepth });
  const { symbol, colour } = STATUS_DISPLAY[progress.status];
  const width = columns - 1;
  const title = fitted(progress.title, Math.min(40, Math.floor(width * 0.3)));
  const state = fitted(progress.status, 9);
  const room = width - widthOf(`${symbol} ${title}${GAP}${state}`);
  const figures = figuresWithin(progress, nowMs, room - LEAST_FOR_DOING);
  const doing = shorten(doingNow(progress, nowMs), room - widthOf(figures) - GAP.length);
  const line = `${hue(colour, symbol)} ${title}${GAP}${hue(colour, state)}${dim(figures)}${GAP}${doing}`;
  return room > GAP.length ? line : shorten(`${symbol} ${progress.title}`, width);
}

/** Figures in the order in which they are shown; a smaller `rank` stays longer when it gets narrow. */
function figuresWithin(progress: Progress, nowMs: number, room: number): string {
  const figures = [
    { rank: 2, text: progress.attempt > 1 ? `attempt ${progress.attempt}` : ' '.repeat(9) },
    { rank: 1, text: `${count(progress.steps).padStart(2)} steps` },
    { rank: 3, text: `${count(progress.tokens).padStart(7)} tokens` },
    { rank: 4, text: dollars(progress.costUsd).padStart(7) },
    { rank: 0, text: elapsed(progress, nowMs).padStart(7) },
  ];
  const written = (most: number) => figures.flatMap(({ rank, text }) => (rank < most ? [GAP + text] : [])).join('');
  const most = [5, 4, 3, 2, 1].find((ranks) => widthOf(written(ranks)) <= room) ?? 0;
  return written(most);
}

function doingNow({ doing, retryAt, status }: Progress, nowMs: number): string {
  if (retryAt === null || status !== 'failed') return doing;
  return `retry in ${Math.max(0, Math.ceil((retryAt - nowMs) / 1_000))} s; ${doing}`;
}

function elapsed({ createdAt, endedAt }: Progress, nowMs: number): string {
  return createdAt === null ? '' : seconds(Math.max(0, (endedAt ?? nowMs) - createdAt) / 1_000);
}

/** A line for a log about something that happened; null for what would only fill it. */
export function logLine(progress: Progress, message: SessionMessage, nowMs: number): string | null {
  const what = happened(progress, message);
  if (what === null) return null;
  const { symbol } = STATUS_DISPLAY[progress.status];
  return `${elapsed(progress, nowMs).padStart(7)}${GAP}${symbol} ${progress.title}: ${what}`;
}

function happened({ doing, attempt, steps, tokens }: Progress, message: SessionMessage): string | null {
  if (message.kind === 'output') {
    const { kind, state } = message.output;
    return kind === 'tool' && (state === 'completed' || state === 'error')
      ? doing + (state === 'error' ? ' (failed)' : '')
      : null;
  }
  const { event } = message;
  if (event.type === 'session.step-finished') return `step ${steps} finished; ${count(tokens)} tokens so far`;
  if (!('to' in event.data)) return null;
  const which = event.data.to === 'running' && attempt > 1 ? ` (attempt ${attempt})` : '';
  const retry = event.type === 'session.failed' && event.data.retryAt ? ' (is retried)' : '';
  return printableLine(`${event.data.to}${which}${doing && `, ${doing}`}${retry}`);
}
