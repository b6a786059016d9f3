import type { ServerLink } from './server-link.ts';
import { createKeyedMutex, type KeyedMutex } from './keyed-mutex.ts';

/** Directories that are known to be open; when there are more, they are asked for again. */
const KNOWN = 10_000;

/**
 * Has a server open its directories one at a time: each takes its only thread for seconds, and several at once stop
 * everything. One that is known to be open costs nothing. `mutex` is shared by all who open directories there.
 */
export function createDirectoryOpener(
  link: ServerLink,
  mutex: KeyedMutex = createKeyedMutex(),
): (directory: string) => Promise<void> {
  const opened = new Set<string>();
  let generation = link.generation;
  return (directory) => {
    if (generation !== link.generation || opened.size > KNOWN) opened.clear();
    generation = link.generation;
    if (opened.has(directory)) return Promise.resolve();
    return mutex.run(`open ${link.serverId}`, async () => {
      if (opened.has(directory)) return;
      await link.agent().activities(directory);
      opened.add(directory);
    });
  };
}
