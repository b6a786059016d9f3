import { AppError, StartupError } from '@oio/errors';
import { type Script, demoScripts } from '@oio/scripted-model';
import { demoArguments, DEMO_USAGE } from './demo-arguments.ts';
import { runDemo } from './run-demo.ts';
import { type Terminal, terminalOf } from './terminal.ts';

export interface StartDemoOptions {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What the scripted model follows. Default: the demo's own scripts. */
  readonly scripts?: readonly Script[];
}

/** Why the demo ended before it was through, and the exit code for it. */
class Interruption extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

const FAILED = 1;
const BUG = 70;
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** The demo as a process: ends it with exit code 0 only if everything was as it should be. Whatever comes, it is cleaned up first. */
export async function startDemo({ args, environment, scripts = demoScripts }: StartDemoOptions): Promise<void> {
  const terminal = terminalOf(process.stdout, environment);
  const startedMs = performance.now();
  const signal = interruption();
  try {
    const { model, help } = demoArguments(args);
    if (help) {
      terminal.write(DEMO_USAGE);
      process.exit(0);
    }
    const { failed, closing } = await runDemo({ model, scripts, environment, terminal, signal });
    signal.throwIfAborted();
    terminal.write(`${closing} It took ${Math.round((performance.now() - startedMs) / 1_000)} s.\n`);
    await end(terminal, failed === 0 ? 0 : FAILED);
  } catch (error) {
    const reason: unknown = signal.aborted ? signal.reason : error;
    process.stderr.write(`\n${messageOf(reason)}\n`);
    await end(terminal, exitCodeOf(reason));
  }
}

/**
 * Fires at the first signal or uncaught error. More of them change nothing: whoever presses Ctrl-C twice, or whose npm
 * passes it on once more, must not end the process in the middle of its cleaning up.
 */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const [name, exitCode] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      if (controller.signal.aborted) return;
      process.stderr.write(`\n${name}: stopping and cleaning up …\n`);
      controller.abort(new Interruption(`The demo was ended by ${name}. Nothing of it is left.`, exitCode));
    });
  }
  // Of a defect, too, nothing may be left.
  process.on('uncaughtException', (error) => controller.abort(isOutputClosed(error) ? OUTPUT_CLOSED : error));
  return controller.signal;
}

/** As in `npm run demo | head`. */
const OUTPUT_CLOSED = new Interruption('The output was closed, so the demo was ended. Nothing of it is left.', FAILED);

function isOutputClosed(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE' && error.syscall === 'write';
}

function messageOf(reason: unknown): string {
  if (reason instanceof StartupError || reason instanceof Interruption) return reason.message;
  if (reason instanceof AppError)
    return [reason.message, ...reason.violations.map(({ message }) => `  ${message}`)].join('\n');
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
}

function exitCodeOf(reason: unknown): number {
  if (reason instanceof StartupError || reason instanceof Interruption) return reason.exitCode;
  return reason instanceof AppError ? FAILED : BUG;
}

async function end(terminal: Terminal, exitCode: number): Promise<never> {
  await terminal.flush();
  process.exit(exitCode);
}
