import { connect, type NatsConnection } from 'nats';

/** A client that says what it likes; closed with its scope. */
export async function rawClient(url: string): Promise<AsyncDisposable & { readonly client: NatsConnection }> {
  const { username, password, host } = new URL(url);
  const client = await connect({ servers: host, user: username, pass: password });
  return { client, [Symbol.asyncDispose]: () => client.close() };
}
