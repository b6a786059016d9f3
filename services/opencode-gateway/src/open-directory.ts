import type { ServerLink } from './server-link.ts';
import { createKeyedMutex } from './workspaces/keyed-mutex.ts';

/** Directories that are known to be open; when there are more, they are asked for again. */
const KNOWN = 10_000;

/**
 * Has a server open its directories one at a time: each takes its only thread for seconds, and several at once stop
 * everything. One that it has open already costs nothing.
 */
export function createDirectoryOpener(link: ServerLink): (directory: string) => Promise<void> {
  const opening = createKeyedMutex();
  const opened = new Set<string>();
  let generation = link.generation;
  return (directory) => {
    if (generation !== link.generation || opened.size > KNOWN) opened.clear();
    generation = link.generation;
    if (opened.has(directory)) return Promise.resolve();
    return opening.run(link.serverId, async () => {
      if (opened.has(directory)) return;
      await link.agent().activities(directory);
      opened.add(directory);
    });
  };
}
