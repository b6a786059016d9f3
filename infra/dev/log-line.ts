import pc from 'picocolors';

/** One line of a process's log, and which process it is: `session-actor.2`. */
export interface LoggedLine {
  readonly process: string;
  readonly text: string;
}

type Fields = Readonly<Record<string, unknown>>;
type Colors = ReturnType<typeof pc.createColors>;

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};
/** What a person looks for first comes first. */
const FIRST = ['sessionId', 'attempt', 'serverId', 'incarnation', 'epoch', 'subject', 'reason', 'err'];
/** What every line has, and what is shown in another place. */
const NOT_SHOWN = new Set(['level', 'time', 'pid', 'hostname', 'name', 'msg', 'v', 'tenant', 'correlationId']);
const LONGEST_VALUE = 300;
const NAME_WIDTH = 18;
/** Of a stack as much as shows where it happened. */
const STACK_LINES = 6;

/** Prints lines for a person: time, process, level, message, the important ids first. `isColored` adds terminal colours. */
export function createLineFormat(isColored: boolean): (line: LoggedLine) => string {
  const colors = pc.createColors(isColored);
  const colorOf = paletteFor(colors);
  return ({ process, text }) => {
    const name = colorOf(process)(process.padEnd(NAME_WIDTH));
    const fields = fieldsOf(text);
    if (!fields) return `${colors.dim(timeOf(new Date()))} ${name} ${text}`;
    const { level, msg, time } = fields;
    const head = `${colors.dim(timeOf(new Date(String(time))))} ${name} ${levelIn(colors, Number(level))}`;
    const rest = detailsOf(fields).map(([key, value]) => `${colors.dim(`${key}=`)}${value}`);
    return [`${head} ${textOf(msg ?? '')}`, ...rest].join(' ') + stackOf(colors, fields);
  };
}

/** The line for a program: as it came, with the name of the process added; what is no JSON becomes a message. */
export function asJsonLine({ process, text }: LoggedLine): string {
  return JSON.stringify({ ...(fieldsOf(text) ?? { msg: text }), process });
}

/** Null for a line that is not a JSON object. */
export function fieldsOf(text: string): Fields | null {
  if (!text.startsWith('{')) return null;
  try {
    return JSON.parse(text) as Fields;
  } catch {
    return null;
  }
}

/** Each process keeps its colour, in the order in which they come up. */
function paletteFor(colors: Colors): (process: string) => (text: string) => string {
  const palette = [colors.cyan, colors.green, colors.magenta, colors.blue, colors.yellow, colors.white];
  const given = new Map<string, (text: string) => string>();
  return (process) => {
    const color = given.get(process) ?? palette[given.size % palette.length] ?? colors.white;
    given.set(process, color);
    return color;
  };
}

function timeOf(time: Date): string {
  return Number.isNaN(time.getTime())
    ? '--:--:--.---'
    : `${time.toTimeString().slice(0, 8)}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

function levelIn(colors: Colors, level: number): string {
  const word = (LEVELS[level] ?? 'info').padEnd(5);
  if (level >= 50) return colors.red(word);
  return level >= 40 ? colors.yellow(word) : colors.dim(word);
}

function detailsOf(fields: Fields): [string, string][] {
  const names = Object.keys(fields).filter((name) => !NOT_SHOWN.has(name));
  const sorted = [...FIRST.filter((name) => names.includes(name)), ...names.filter((name) => !FIRST.includes(name))];
  return sorted.map((name) => [name, shown(fields[name])]);
}

function shown(value: unknown): string {
  const text = isError(value) ? `${value.type}: ${value.message}` : textOf(value);
  const line = text.replaceAll(/\s*\n\s*/g, ' ');
  return line.length > LONGEST_VALUE ? `${line.slice(0, LONGEST_VALUE)}…` : line;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
}

function stackOf(colors: Colors, { err, level }: Fields): string {
  if (!isError(err) || Number(level) < 50) return '';
  const lines = (err.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line) && !line.includes('node:internal'));
  return lines
    .slice(0, STACK_LINES)
    .map((line) => `\n${colors.dim(`    ${line.trim()}`)}`)
    .join('');
}

function isError(value: unknown): value is { type: string; message: string; stack?: string } {
  const { type, message, stack } = (value ?? {}) as Fields;
  return typeof type === 'string' && typeof message === 'string' && ['string', 'undefined'].includes(typeof stack);
}
