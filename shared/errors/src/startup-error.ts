/** Exit codes of a process that cannot start, as in sysexits(3). */
export const EXIT_CODE = {
  /** Wrong arguments. */
  usage: 64,
  /** Something needed is missing or taken: a port, git, the database. */
  unavailable: 69,
  /** A file or directory cannot be used: no space, no permission, damaged. */
  storage: 74,
  /** A setting is wrong. */
  config: 78,
} as const;

/** Whether a process ended in a way in which it would end again, until somebody has mended what it says. */
export function isFinalExit(exitCode: number): boolean {
  return exitCode === EXIT_CODE.usage || exitCode === EXIT_CODE.config;
}

/** Why a process cannot start, for the person in front of it: printed without a stack, followed by the exit code. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
