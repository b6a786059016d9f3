import { createGraph, createSessions, sessionCommands } from '@oio/contracts';
import { type Bus, type Handlers, serveAll } from '@oio/messaging';

/**
 * Takes no more commands; resolves when those to sessions are answered. `making` resolves when no session is being made
 * any more, which may take long and concerns nobody else.
 */
export type StopServing = () => Promise<{ readonly making: Promise<void> }>;

/** Requests that make several sessions. */
export const MAKING_MANY = { createGraph, createSessions } as const;

/** Serves all commands at the worker's own address, and as a member of the queue group. */
export async function serveCommands(
  bus: Bus,
  handlers: Handlers<typeof sessionCommands & typeof MAKING_MANY>,
  address: string,
): Promise<StopServing> {
  const { create, ...toMailboxes } = sessionCommands;
  const making = { create, ...MAKING_MANY };
  const places = [{ at: address }, {}];
  const makings = await Promise.all(places.map((place) => serveAll<typeof making>(bus, making, handlers, place)));
  const commands = await Promise.all(
    places.map((place) => serveAll<typeof toMailboxes>(bus, toMailboxes, handlers, place)),
  );
  return async () => {
    const made = Promise.all(makings.map((end) => end())).then(() => {});
    await Promise.all(commands.map((end) => end()));
    return { making: made };
  };
}
