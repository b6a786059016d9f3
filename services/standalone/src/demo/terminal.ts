import type { WriteStream } from 'node:tty';
import { createColors } from 'picocolors';

/** Where the demo writes to, and what it can show. */
export interface Terminal {
  write(text: string): void;
  /** Resolves when everything has been written. */
  flush(): Promise<void>;
  /** Whether lines can be drawn again in place. */
  readonly isInteractive: boolean;
  /** Bits of colour: 1 means none. */
  readonly colourDepth: number;
  /** Null where lines have no limit: a file, a pipe. */
  columns(): number | null;
  rows(): number;
}

/** The standard output as it is: a terminal, or a file or pipe that wants neither colours nor cursor movements. */
export function terminalOf(stream: WriteStream, environment: Readonly<Record<string, string | undefined>>): Terminal {
  const isTerminal = stream.isTTY;
  const isInteractive = isTerminal && environment['TERM'] !== 'dumb';
  return {
    write: (text) => void stream.write(text),
    flush: () => new Promise((resolve) => stream.write('', () => resolve())),
    isInteractive,
    colourDepth: isInteractive ? stream.getColorDepth({ ...environment }) : 1,
    columns: () => (isTerminal ? stream.columns || 80 : null),
    rows: () => (isTerminal ? stream.rows || 24 : Number.POSITIVE_INFINITY),
  };
}

/** Colours by meaning; each leaves the text alone where there are none. */
export function stylesOf({ colourDepth }: Pick<Terminal, 'colourDepth'>) {
  const { bold, dim, red, green, cyan } = createColors(colourDepth > 1);
  return { bold, dim, red, green, cyan, hue: (colour: string, text: string) => inHue(colour, text, colourDepth) };
}

/** A colour that is given as `#RRGGBB`. Terminals with sixteen colours have none near enough, so they get none. */
function inHue(colour: string, text: string, depth: number): string {
  if (depth < 8) return text;
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  const step = (value: number) => Math.round((value / 255) * 5);
  const code = depth < 24 ? `5;${16 + 36 * step(red) + 6 * step(green) + step(blue)}` : `2;${red};${green};${blue}`;
  return `\u001B[38;${code}m${text}\u001B[39m`;
}
