import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

/** Words that mark a value as a secret wherever it stands in a log line. */
const SECRETS = ['password', 'apiKey', 'authorization', 'token', 'secret', 'databaseUrl'];

/** A JSON log: object first, a constant message; secrets are blotted out. Default destination: standard error. */
export function createLogger(
  service: string,
  options: { readonly level?: string; readonly destination?: DestinationStream } = {},
): Logger {
  const redact = { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' };
  const settings = { name: service, level: options.level ?? 'info', redact, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(settings, options.destination ?? pino.destination({ dest: 2, sync: true }));
}
