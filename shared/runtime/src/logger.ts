import { type DestinationStream, type Logger, pino } from 'pino';
import { toLogObject } from './log-value.ts';
import { withoutSecrets } from './secrets.ts';

export type { Logger };

/** What is logged, and to where. */
export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: string;
  /** Default: standard error. */
  readonly destination?: DestinationStream;
}

/**
 * A JSON log: object first, a constant message. Secrets are blotted out by the names of fields at any depth, and wherever
 * they can be told by their form: in messages, stacks, causes, URLs. An error may stand under any name.
 */
export function createLogger(service: string, { level = 'info', destination }: LoggerOptions = {}): Logger {
  const settings = {
    name: service,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { log: toLogObject },
    // pino would take what is written of an error for an error, and write that.
    serializers: { err: (written: unknown) => written },
    hooks: { streamWrite: withoutSecrets },
  };
  return pino(settings, destination ?? pino.destination({ dest: 2, sync: true }));
}
