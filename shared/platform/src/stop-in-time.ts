import { EXIT_CODE, StartupError } from '@oio/errors';
import type { Database } from '@oio/persistence';

const LOOK_MS = 500;
const PATIENCE_MS = 10_000;

/**
 * Waits for what ends a process, unless PostgreSQL does not answer for ten seconds meanwhile: everything that waits for it would
 * wait until the process is ended by force. Throws `StartupError` then, with exit code 69.
 */
export async function stopInTime(ending: Promise<void>, database: Pick<Database, 'isThere'>): Promise<void> {
  const away = Promise.withResolvers<never>();
  let answeredAtMs = performance.now();
  const timer = setInterval(() => {
    if (database.isThere) answeredAtMs = performance.now();
    else if (performance.now() - answeredAtMs >= PATIENCE_MS) away.reject(withoutDatabase());
  }, LOOK_MS);
  await Promise.race([ending, away.promise]).finally(() => clearInterval(timer));
}

function withoutDatabase(): StartupError {
  return new StartupError(
    'Stopped without PostgreSQL, which does not answer: nothing could be handed over, and others take it over once it is back.',
    EXIT_CODE.unavailable,
  );
}
