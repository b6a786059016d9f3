import { setImmediate as nextTurn } from 'node:timers/promises';
import { type CommandReply, PRIORITIES, type StoredSessionEvent } from '@oio/contracts';
import { isTerminal } from '@oio/domain';
import { AppError, TimeoutError } from '@oio/errors';
import { createLogger } from '@oio/runtime';
import test from 'ava';
import fc from 'fast-check';
import { Backoff } from '../src/backoff.ts';
import { Board } from '../src/board.ts';
import { Dispatcher } from '../src/dispatcher.ts';
import type { SessionRow, SessionTable } from '../src/ports.ts';
import { LimitBook } from '../src/limit-book.ts';
import { QuotaBook } from '../src/quota-book.ts';
import { Scheduling } from '../src/scheduling.ts';
import { StartRates } from '../src/start-rates.ts';
import { compareWaiting, type WaitingSession } from '../src/waiting-session.ts';
import { waitingOf } from '../src/session-row.ts';
import { Sweep } from '../src/sweep.ts';
import { chanceOf } from './model/random.ts';
import { idOf } from './support/waiting.ts';
import { ManualClock } from './support/manual-clock.ts';
import { World } from './support/world.ts';

const LIMIT = 4;
const SERVERS = [
  { id: 'one', isHealthy: true, isAccepting: true, capacity: 2 },
  { id: 'two', isHealthy: true, isAccepting: true, capacity: 3 },
];
const logger = createLogger('test', { level: 'silent' });

/** A scheduler over a world in which messages are late, lost and repeated, answers get lost and leaders change, as chance has it. */
class Simulation {
  readonly world: World;
  readonly #chance: () => number;
  readonly #clock = new ManualClock();
  /** What is under way: events, dispatches and their answers, readings of the database. */
  #pending: (() => void)[] = [];
  #board: Board;
  #dispatcher: Dispatcher;
  #sweep!: Sweep;
  #count = 0;

  constructor(chance: () => number) {
    this.#chance = chance;
    this.world = new World({ sessions: LIMIT, capacity: { one: 2, two: 3 } }, (events) => this.#publish(events));
    [this.#board, this.#dispatcher] = this.#lead();
  }

  async step(): Promise<void> {
    const chance = this.#chance();
    if (chance < 0.1) this.submit();
    else if (chance < 0.6) this.deliver();
    else if (chance < 0.9) this.act();
    else this.look();
    if (this.#chance() < 0.01) this.changeLeader();
    this.#clock.advance(100);
    await nextTurn();
  }

  submit(): void {
    this.#count += 1;
    const inPlace = this.#chance() < 0.4 ? this.#pick(['/shop', '/office']) : undefined;
    const priority = this.#pick(PRIORITIES) ?? 'medium';
    this.world.submit({ id: idOf(this.#count), priority, ...(inPlace && { inPlace }) });
  }

  /** Something that is under way arrives. */
  deliver(): void {
    const [message] = this.#pending.splice(Math.floor(this.#chance() * Math.min(5, this.#pending.length)), 1);
    message?.();
  }

  /** A client or an opencode-gateway does something with a session. */
  act(): void {
    const { world } = this;
    const id = this.#pick([...world.sessions.keys()]);
    if (!id) return;
    const orders = ['pause', 'resume', 'stop', 'cancel', 'retry'] as const;
    const actions = [
      () => world.complete(id),
      () => world.impair(id),
      () => !isWorkingNow(world, id) && world.close(id),
      () => world.order(id, { name: this.#pick(orders) ?? 'pause', payload: {} }),
    ];
    tolerate(() => this.#pick(actions)?.());
  }

  /** The sweep: what it reads may be overtaken by what happens until it comes back. */
  look(): void {
    const dispatcher = this.#dispatcher;
    void this.#sweep.run().then(() => dispatcher.open());
  }

  changeLeader(): void {
    this.#dispatcher.stop();
    this.world.schedulerEpoch += 1;
    [this.#board, this.#dispatcher] = this.#lead();
  }

  /** Everything arrives; then all that can run runs, and ends. Returns whether all came to their end. */
  async finish(): Promise<boolean> {
    for (let round = 0; round < 400; round += 1) {
      this.#clock.advance(40_000);
      this.look();
      await nextTurn();
      while (this.#pending.length > 0) {
        this.deliver();
        await nextTurn();
      }
      for (const { id, status } of this.world.sessions.values()) {
        if (status === 'paused') tolerate(() => this.world.order(id, { name: 'stop', payload: {} }));
        tolerate(() => (isWorkingNow(this.world, id) ? this.world.complete(id) : this.world.close(id)));
      }
      if ([...this.world.sessions.values()].every(({ status }) => isTerminal(status))) return true;
    }
    return false;
  }

  #refused = new Backoff({ clock: this.#clock, firstMs: 500, longestMs: 30_000 });

  #lead(): [Board, Dispatcher] {
    const book = new LimitBook({ rules: [], globalConcurrent: LIMIT });
    this.#refused = new Backoff({ clock: this.#clock, firstMs: 500, longestMs: 30_000 });
    const board: Board = new Board({
      queue: {
        capacity: 10,
        maxWaitMs: 3_000,
        nowMs: () => Date.parse(this.#clock.now()),
        weightOf: () => 1,
      },
      onChange: () => dispatcher.wake(),
      onUnclear: (id) => this.#pending.push(() => this.#readOne(board, id)),
    });
    const { queue, slots, warm } = board;
    const rates = new StartRates(() => this.#clock.monotonicMs());
    const quotas = new QuotaBook(() => this.#clock.monotonicMs());
    const scheduling = new Scheduling({ queue, slots, warm, rates, quotas, book: () => book, servers: () => SERVERS });
    const epoch = this.world.schedulerEpoch;
    const router = {
      send: (_name: unknown, payload: { serverId: string }, envelope: { sessionId: string; id: string }) =>
        this.#send(epoch, payload, envelope),
    };
    const dispatcher: Dispatcher = new Dispatcher({
      board,
      router: router as never,
      epoch,
      scheduling,
      clock: this.#clock,
      isActive: () => true,
      refused: this.#refused,
      onLow: () => {},
      pause: () => new Promise((resolve) => this.#pending.push(resolve)),
      logger,
    });
    this.#sweep = new Sweep({ table: this.#table(), board, queueCapacity: 10, refused: this.#refused });
    return [board, dispatcher];
  }

  #readOne(board: Board, id: string): void {
    const row = this.world.rows.find((candidate) => candidate.id === id);
    if (row) board.applyRow(row);
  }

  readonly #outcomes = new Map<string, CommandReply>();

  /** The dispatch takes its time on the way there and on the way back, and its answer may get lost. */
  #send(
    schedulerEpoch: number,
    { serverId }: { serverId: string },
    { sessionId, id: commandId }: { sessionId: string; id: string },
  ): Promise<CommandReply> {
    const { promise, resolve, reject } = Promise.withResolvers<CommandReply>();
    const isLost = this.#chance() < 0.1;
    this.#pending.push(() => {
      try {
        const known = this.#outcomes.get(commandId);
        const reply = known ?? this.world.order(sessionId, { name: 'dispatch', payload: { serverId, schedulerEpoch } });
        this.#outcomes.set(commandId, reply);
        this.#pending.push(() =>
          isLost
            ? reject(new TimeoutError('No answer.'))
            : resolve({ ...reply, outcome: known ? 'repeated' : 'applied' }),
        );
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        this.#pending.push(() => reject(error));
      }
    });
    return promise;
  }

  /** Events go out in order, and some are lost, and some come twice, the second time at any time. */
  #publish(events: readonly StoredSessionEvent[]): void {
    for (const event of events) {
      const arrive = (): void => this.#board.applyEvent(event);
      if (this.#chance() < 0.9) this.#pending.push(arrive);
      if (this.#chance() < 0.1) this.#pending.push(() => this.#pending.push(arrive));
    }
  }

  #table(): SessionTable {
    const late = <T>(read: () => T): Promise<T> =>
      new Promise((resolve) => {
        this.#pending.push(() => {
          const answer = read();
          this.#pending.push(() => resolve(answer));
        });
      });
    return {
      holders: () =>
        late(() => this.world.rows.filter(({ status, attemptOpen }) => attemptOpen || status === 'paused')),
      waiting: ({ after, limit }) =>
        late(() => {
          const isBehind = (row: SessionRow): boolean => !after || compareWaiting(keyOf(row), after as never) > 0;
          return this.#waiting().filter(isBehind).slice(0, limit);
        }),
      newest: () => late(() => this.#waiting().slice(-3)),
      find: (ids) => late(() => this.world.rows.filter(({ id }) => ids.includes(id))),
      notWaiting: (ids) =>
        late(() => {
          const waiting = new Set(this.#waiting().map(({ id }) => id));
          return ids.filter((id) => !waiting.has(id));
        }),
    } as SessionTable;
  }

  #waiting() {
    return this.world.rows
      .filter((row) => row.waitingSinceMs !== null)
      .sort((a, b) => compareWaiting(keyOf(a), keyOf(b)));
  }

  #pick<T>(values: readonly T[]): T | undefined {
    return values[Math.floor(this.#chance() * values.length)];
  }
}

const keyOf = (row: SessionRow): WaitingSession => waitingOf(row) as WaitingSession;

function isWorkingNow(world: World, id: string): boolean {
  const status = world.sessions.get(id)?.status;
  return status === 'running' || status === 'degraded';
}

/** What a client may be refused. */
function tolerate(task: () => unknown): void {
  try {
    task();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}

test('no limit is ever exceeded and no session is forgotten, whatever happens to messages, answers and leaders', async (t) => {
  const property = fc.asyncProperty(fc.integer(), async (seed) => {
    const simulation = new Simulation(chanceOf(seed));
    for (let step = 0; step < 300; step += 1) await simulation.step();
    const isFinished = await simulation.finish();
    if (simulation.world.broken.length > 0) throw new Error(simulation.world.broken.join('; '));
    if (!isFinished) throw new Error('Some sessions never ran.');
  });
  await t.notThrowsAsync(fc.assert(property, { numRuns: 200, includeErrorInReport: true }));
});
