import { UnavailableError } from '@oio/errors';
import { NoAnswerError } from './in-time.ts';

/** Ways in which Redis fails its callers. `breaker_open`: it was not asked, because it failed too often before. */
export type RedisFailure = 'unreachable' | 'timeout' | 'refused' | 'breaker_open';

const MESSAGES: Readonly<Record<RedisFailure, string>> = {
  unreachable: 'There is no connection to Redis.',
  timeout: 'Redis did not answer in time.',
  refused: 'Redis refused the command.',
  breaker_open: 'Redis failed too often and is left alone for a while.',
};

/** The error that callers see: `UnavailableError` with the code `redis_unreachable`, `redis_timeout` … */
export function redisError(failure: RedisFailure, cause: unknown): UnavailableError {
  return new UnavailableError(MESSAGES[failure], { code: `redis_${failure}`, cause: withoutCommand(cause) });
}

/** The client hangs the command on its errors, and that may be the one that carried the password. */
export function withoutCommand(error: unknown): unknown {
  if (error instanceof Error) Reflect.deleteProperty(error, 'command');
  return error;
}

/** What an error of the client means: all that is no answer of Redis is about the connection. */
export function failureOf(error: unknown): RedisFailure {
  if (error instanceof NoAnswerError) return 'timeout';
  return error instanceof Error && error.name === 'ReplyError' ? 'refused' : 'unreachable';
}

/** Whether Redis does not let us in at all: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
export function isRefusedAccess(error: unknown): error is Error {
  return error instanceof Error && /^(?:WRONGPASS|NOAUTH|NOPERM|DENIED|ERR invalid password)\b/.test(error.message);
}
