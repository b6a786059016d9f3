/** What the command of this process was told; shows its usage and ends the process when that is asked for or not understood (64). */
export function toldOr<T>(usage: string, read: (args: readonly string[]) => T): T {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(usage);
    process.exit(0);
  }
  try {
    return read(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(64);
  }
}

/** The number that an option gives, `least` or more. Throws for anything else: whoever tries nothing finds nothing wrong. */
export function wholeNumber(name: string, text: string | undefined, { otherwise, least }: NumberRule): number {
  const number = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`--${name} must be a whole number from ${least} on, not "${text}".`);
}

export interface NumberRule {
  /** When the option is not given. */
  readonly otherwise: number;
  readonly least: number;
}
