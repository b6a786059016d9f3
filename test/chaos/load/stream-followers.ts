import { pause } from '../pause.ts';
import { servicesOf, type World } from '../world.ts';
import { StreamReader } from './stream-reader.ts';

/** Streams that are open at the same time at most. */
const MOST = 60;
/** Looked at each time: more are not accepted in between. */
const NEWEST = 5;
/** A gateway that hears nothing looks at the store every two seconds. */
const CATCH_UP_MS = 10_000;
const LOOK_MS = 100;

/** Clients that follow sessions of the load from the first event on, as soon as they are there. */
export class StreamFollowers implements Disposable {
  readonly #world: World;
  /** By session. */
  readonly #readers = new Map<string, StreamReader>();

  constructor(world: World) {
    this.#world = world;
  }

  get count(): number {
    return this.#readers.size;
  }

  /** How many events came to all of them. */
  get events(): number {
    return [...this.#readers.values()].reduce((sum, { last }) => sum + last, 0);
  }

  /** Opens the streams of the sessions that were accepted last and that nobody follows yet. */
  async followNewest(): Promise<void> {
    const { history } = this.#world;
    const newest = history.accepted.filter(({ name }) => name === 'create').slice(-NEWEST);
    const ids = newest.flatMap(({ sessionId }) => sessionId ?? []).filter((id) => !this.#readers.has(id));
    await Promise.all(ids.slice(0, MOST - this.count).map((id) => this.#follow(id)));
  }

  async #follow(sessionId: string): Promise<void> {
    const { apiKey } = this.#world;
    const gateways = servicesOf(this.#world, 'http-gateway').filter(({ isServing }) => isServing);
    const { apiUrl: url } = gateways[this.count % gateways.length] ?? {};
    const reader = url ? await StreamReader.open({ url, apiKey, sessionId }) : null;
    if (!reader) return;
    this.#readers.set(sessionId, reader);
    reader.read();
  }

  /** Where one of them missed an event, or got one again or too early; and, if nothing else went on, what did not come in time. */
  async breaches(isAlone: () => boolean): Promise<string[]> {
    const versions = await this.#world.witness.query<{ id: string; version: number }>(VERSIONS, [
      [...this.#readers.keys()],
    ]);
    const giveUpAt = performance.now() + CATCH_UP_MS;
    const behind = () => versions.filter(({ id, version }) => (this.#readers.get(id)?.last ?? 0) < version);
    while (behind().length > 0 && performance.now() < giveUpAt) await pause(LOOK_MS);
    const late = isAlone() ? behind() : [];
    return [
      ...[...this.#readers].flatMap(([id, { gap }]) => (gap ? [`in the stream of ${id}, ${gap}`] : [])),
      ...late.map(({ id, version }) => `the stream of ${id} stays at ${this.#readers.get(id)?.last} of ${version}`),
    ];
  }

  [Symbol.dispose](): void {
    for (const reader of this.#readers.values()) reader[Symbol.dispose]();
  }
}

const VERSIONS = 'select id::text, version::int from sessions where id = any($1::uuid[])';
