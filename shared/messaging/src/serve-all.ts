import type { RequestContract } from '@oio/contracts';
import type { Bus, Handler, Handlers, ServeOptions, Unsubscribe } from './bus.ts';

/** Serves every contract of a table by the handler of the same name; ends all of them together. */
export async function serveAll<T extends Record<string, RequestContract>>(
  bus: Bus,
  contracts: T,
  handlers: Handlers<T>,
  options: ServeOptions = {},
): Promise<Unsubscribe> {
  const ends = await Promise.all(
    Object.entries(contracts).map(([name, contract]) =>
      bus.serve(contract, handlers[name as keyof T] as Handler<RequestContract>, options),
    ),
  );
  return async () => {
    await Promise.all(ends.map((end) => end()));
  };
}
