import { once } from 'node:events';
import type { Socket } from 'node:net';
import { pause } from '../pause.ts';
import type { Controls, Direction, Trip } from './controls.ts';
import { ReorderedNews } from './reordered-news.ts';

/** One proxied connection: what comes from the client goes up to the server, what comes from the server goes down. */
export class Link {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #controls: Controls;
  /** Set by a trip that waits for the server's answer on this very connection. */
  #onAnswer: (() => void) | null = null;
  /** There since the first time that something was reordered: it may hold the begin of a message. */
  #news: ReorderedNews | null = null;

  constructor(client: Socket, server: Socket, controls: Controls) {
    this.#client = client;
    this.#server = server;
    this.#controls = controls;
    for (const socket of [client, server]) socket.on('error', () => this.cut()).setNoDelay(true);
  }

  /** Passes bytes on in both directions until one side has ended or the link is cut. */
  async run(): Promise<void> {
    await Promise.all([this.#pump('up', this.#client, this.#server), this.#pump('down', this.#server, this.#client)]);
    this.cut();
  }

  /** Resets both connections, so that neither side mistakes it for an orderly end; one that is ending already is closed. */
  cut(): void {
    for (const socket of [this.#client, this.#server]) {
      // While an end is under way a reset fails, and Node then never gets rid of the connection: it spins for ever at its exit.
      if (socket.writableEnded) socket.destroy();
      else if (!socket.destroyed) socket.resetAndDestroy();
    }
  }

  async #pump(direction: Direction, from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        await this.#controls.admitted(direction);
        if (this.#controls.delayMs > 0) await pause(this.#controls.delayMs);
        if (this.#controls.swallows(direction) || (await this.#strikes(direction, chunk))) continue;
        if (direction === 'down' && this.#reorders(chunk)) continue;
        if (to.destroyed) break;
        if (!to.write(chunk)) await once(to, 'drain');
      }
      to.end();
    } catch {
      this.cut();
    }
  }

  /** Whether a trip took the chunk. */
  async #strikes(direction: Direction, chunk: Buffer): Promise<boolean> {
    if (direction === 'down') return this.#strikesAnswer();
    const trip = this.#controls.tripFor(chunk);
    if (!trip) return false;
    if (trip.at === 'hold') return this.#hold(trip);
    const strike = (): void => {
      trip.strike(this.#client.remotePort ?? 0);
      this.cut();
    };
    if (trip.at === 'before') {
      strike();
      return true;
    }
    if (trip.at === 'after') {
      this.#onAnswer = strike;
      return false;
    }
    this.#server.write(chunk, strike);
    return true;
  }

  /** The message waits in the link with all that comes after it, the end of its sender included. */
  async #hold(trip: Trip): Promise<false> {
    this.#controls.hold('both');
    trip.strike(this.#client.remotePort ?? 0);
    await this.#controls.admitted('up');
    return false;
  }

  /** Whether the chunk is passed on by the one that reorders. */
  #reorders(chunk: Buffer): boolean {
    const { reordering } = this.#controls;
    if (reordering)
      this.#news ??= new ReorderedNews((bytes) => void (this.#client.writable && this.#client.write(bytes)));
    this.#news?.take(chunk, reordering);
    return this.#news !== null;
  }

  #strikesAnswer(): boolean {
    const strike = this.#onAnswer;
    if (!strike) return false;
    this.#onAnswer = null;
    strike();
    return true;
  }
}
