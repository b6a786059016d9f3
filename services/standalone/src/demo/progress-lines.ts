import type { SessionOutput } from '@oio/contracts';
import { STATUS_DISPLAY } from '@oio/domain';
import type { SessionMessage } from '@oio/sdk';
import { count, dollars, seconds } from './figures.ts';
import { fitted, shorten } from './printable.ts';
import type { Progress } from './progress.ts';
import { stylesOf } from './terminal.ts';

export interface LineStyle {
  readonly columns: number;
  readonly colourDepth: number;
}

const LEAST_FOR_DOING = 20;
const GAP = '  ';

/** What stands above the lines of sessions. */
export function headLine({ columns, colourDepth }: LineStyle): string {
  const { dim } = stylesOf({ colourDepth });
  const { title, figures } = layoutFor(columns);
  const heads = figures.map(({ head, width }) => GAP + head.padStart(width));
  return dim(
    shorten(
      `  ${fitted('session', title)}${GAP}${fitted('state', STATE_WIDTH)}${heads.join('')}${GAP}now`,
      columns - 1,
    ),
  );
}

/** One line for a session in a terminal: never wider than that. What fits least well is left out first. */
export function progressLine(progress: Progress, nowMs: number, { columns, colourDepth }: LineStyle): string {
  const { dim, hue } = stylesOf({ colourDepth });
  const { symbol, colour } = STATUS_DISPLAY[progress.status];
  const { title, figures, doing } = layoutFor(columns);
  if (doing < 1) return shorten(`${symbol} ${progress.title}`, columns - 1);
  const state = hue(colour, fitted(progress.status, STATE_WIDTH));
  const values = figures.map(({ value, width }) => GAP + value(progress, nowMs).padStart(width)).join('');
  const now = shorten(doingNow(progress, nowMs), doing);
  return `${hue(colour, symbol)} ${fitted(progress.title, title)}${GAP}${state}${dim(values)}${GAP}${now}`;
}

interface Figure {
  readonly head: string;
  readonly width: number;
  /** A smaller one stays longer when it gets narrow. */
  readonly rank: number;
  readonly value: (progress: Progress, nowMs: number) => string;
}

const FIGURES: readonly Figure[] = [
  { head: 'try', width: 3, rank: 2, value: ({ attempt }) => count(attempt) },
  { head: 'steps', width: 5, rank: 1, value: ({ steps }) => count(steps) },
  { head: 'tokens', width: 9, rank: 3, value: ({ tokens }) => count(tokens) },
  { head: 'cost', width: 7, rank: 4, value: ({ costUsd }) => dollars(costUsd) },
  { head: 'time', width: 8, rank: 0, value: elapsed },
];
const STATE_WIDTH = 9;

/** Which figures fit, and the columns that are left for the title and for what is done now. */
function layoutFor(columns: number): { title: number; figures: readonly Figure[]; doing: number } {
  const width = columns - 1;
  const title = Math.min(40, Math.floor(width * 0.3));
  const room = width - (2 + title + GAP.length + STATE_WIDTH + GAP.length);
  const most = (ranks: number) => FIGURES.filter(({ rank }) => rank < ranks);
  const taken = (figures: readonly Figure[]) => figures.reduce((sum, figure) => sum + GAP.length + figure.width, 0);
  const ranks = [5, 4, 3, 2, 1].find((ranked) => taken(most(ranked)) <= room - LEAST_FOR_DOING) ?? 0;
  return { title, figures: most(ranks), doing: room - taken(most(ranks)) };
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

function happened(progress: Progress, message: SessionMessage): string | null {
  if (message.kind === 'output') return toolEnded(progress, message.output);
  const { event } = message;
  if (event.type === 'session.step-finished')
    return `step ${progress.steps} finished; ${count(progress.tokens)} tokens so far`;
  if (!('to' in event.data)) return null;
  const { status, attempt, doing, retryAt } = progress;
  const which = status === 'running' && attempt > 1 ? ` (attempt ${attempt})` : '';
  return `${status}${which}${doing && `, ${doing}`}${retryAt === null ? '' : ' (is retried)'}`;
}

function toolEnded({ doing }: Progress, { kind, state }: SessionOutput): string | null {
  if (kind !== 'tool') return null;
  if (state === 'error') return `${doing} (failed)`;
  return state === 'completed' ? doing : null;
}
