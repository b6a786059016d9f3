import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { Controls, type Trip, type Way } from './controls.ts';
import { Link } from './link.ts';
import type { Reordering } from './reordered-news.ts';

/** A TCP link that can be disturbed: everything that a service says to a dependency goes through one of these. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #controls = new Controls();
  #refuses = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on a free port of 127.0.0.1 and passes everything to `targetPort` there. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer({ noDelay: true });
    const proxy = new TcpProxy(server);
    server.on('connection', (client) => {
      if (proxy.#refuses) return void client.on('error', () => {}).resetAndDestroy();
      const link = new Link(client, connect({ host: '127.0.0.1', port: targetPort, noDelay: true }), proxy.#controls);
      proxy.#links.add(link);
      return void link.run().finally(() => proxy.#links.delete(link));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#links.size;
  }

  /** Keeps bytes back; both sides see only that the other one is slow. */
  hold(way: Way): void {
    this.#controls.hold(way);
  }

  /** Takes bytes and throws them away: a partition, of which neither side learns anything. */
  blackhole(way: Way): void {
    this.#controls.swallow(way);
  }

  delay(ms: number): void {
    this.#controls.delayMs = ms;
  }

  /** From now on messages of NATS on one subject come to the client like that, until it is healed or null is said. */
  reorder(reordering: Reordering | null): void {
    this.#controls.reordering = reordering;
  }

  /** Refuses new connections, and resets the present ones. */
  refuse(): void {
    this.#refuses = true;
    this.cut();
  }

  /** Resets all connections; returns how many there were. */
  cut(): number {
    const count = this.#links.size;
    for (const link of this.#links) link.cut();
    return count;
  }

  /** Resets the connection at the next message that holds `bytes`, and runs `strike` just before. Returns how to call it off. */
  trip(bytes: string, at: Trip['at'], strike: Trip['strike']): () => void {
    return this.#controls.addTrip({ bytes: Buffer.from(bytes), at, strike });
  }

  /** Holds everything from the first message on that holds both, until it is healed; `struck` is told then. */
  holdAt(bytes: string, also: string, struck: () => void): void {
    this.#controls.addTrip({ bytes: Buffer.from(bytes), also: Buffer.from(also), at: 'hold', strike: struck });
  }

  /** Ends every disturbance. Connections that lost bytes are reset, because they cannot go on. */
  heal(): void {
    this.#refuses = false;
    if (this.#controls.clear()) this.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.heal();
    this.cut();
    if (this.#server.listening) await once(this.#server, 'close');
  }
}
