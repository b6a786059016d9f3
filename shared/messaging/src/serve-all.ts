import type { RequestContract } from '@oio/contracts';
import type { Bus, Handler, Handlers, ServeOptions, Unsubscribe } from './bus.ts';

/** Serves every contract of a table by the handler of the same name, all of them or none; ends all of them together. */
export async function serveAll<T extends Record<string, RequestContract>>(
  bus: Bus,
  contracts: T,
  handlers: Handlers<T>,
  options: ServeOptions = {},
): Promise<Unsubscribe> {
  const started = await Promise.allSettled(
    Object.entries(contracts).map(([name, contract]) =>
      bus.serve(contract, handlers[name as keyof T] as Handler<RequestContract>, options),
    ),
  );
  const end = async (): Promise<void> => {
    await Promise.all(started.flatMap((result) => (result.status === 'fulfilled' ? [result.value()] : [])));
  };
  const failed = started.find((result) => result.status === 'rejected');
  if (!failed) return end;
  await end();
  throw failed.reason;
}
