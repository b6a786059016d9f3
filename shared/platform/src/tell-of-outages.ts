import type { Logger } from '@oio/runtime';

const LOOK_MS = 500;

/** Something that every service needs, and what its log says of it. */
export interface Needed {
  readonly name: string;
  readonly isThere: () => boolean;
  /** What holds while it is away. */
  readonly meanwhile: string;
}

/** Says in the log, once each, when something has gone and when it is back, until disposed of. */
export function tellOfOutages(logger: Logger, needed: readonly Needed[]): Disposable {
  const away = new Set<string>();
  const look = ({ name, isThere, meanwhile }: Needed): void => {
    if (isThere() !== away.has(name)) return;
    if (away.delete(name)) logger.info(`${name} is back`);
    else {
      away.add(name);
      logger.warn(`${name} is away: ${meanwhile}`);
    }
  };
  const timer = setInterval(() => needed.forEach(look), LOOK_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
