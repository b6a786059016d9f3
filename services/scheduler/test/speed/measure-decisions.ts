import { LimitBook } from '../../src/limit-book.ts';
import { QuotaBook } from '../../src/quota-book.ts';
import { Scheduling } from '../../src/scheduling.ts';
import { Slots } from '../../src/slots.ts';
import { StartRates } from '../../src/start-rates.ts';
import { WaitingQueue } from '../../src/waiting-queue.ts';
import { WarmDirectories } from '../../src/warm-directories.ts';
import { waiting } from '../support/waiting.ts';

export interface DecisionFigures {
  readonly queued: number;
  /** CPU of one decision with all that belongs to it: who is next, its slot, the next one that is queued, the end of another. */
  readonly decisionUs: number;
  /** CPU of putting one into the queue while it is filled. */
  readonly queueUs: number;
  /** Of memory, for each that waits. */
  readonly bytesEach: number;
  /** CPU of comparing memory with the first thousand, and with a thousand somewhere. */
  readonly compareMs: number;
}

const TENANTS = 20;
const PRIORITIES = 5;
const PROJECTS = 16;
const SLOTS = 64;
const WARM_UP = 5_000;
const MEASURED = 50_000;
const COMPARED = 1_000;

/** What the scheduler's own work costs with so many waiting, in CPU time: it says the same on a machine that others use. */
export function measureDecisions(queued: number): DecisionFigures {
  const memoryBefore = memory();
  const stand = new Stand(queued);
  const fillUs = cpuUs(() => stand.fill(queued));
  const bytesEach = Math.round((memory() - memoryBefore) / queued);
  stand.decide(WARM_UP);
  const decideUs = cpuUs(() => stand.decide(MEASURED));
  const compareUs = cpuUs(() => stand.compare());
  return {
    queued,
    decisionUs: round(decideUs / MEASURED),
    queueUs: round(fillUs / queued),
    bytesEach,
    compareMs: round(compareUs / 1_000),
  };
}

class Stand {
  readonly #queue: WaitingQueue;
  readonly #slots: Slots;
  readonly #scheduling: Scheduling;
  readonly #running: string[] = [];
  #number = 0;

  constructor(capacity: number) {
    const queue = new WaitingQueue({ capacity, maxWaitMs: 3_600_000, nowMs: () => this.#number, weightOf: () => 1 });
    const book = new LimitBook({ rules: [], globalConcurrent: SLOTS });
    const servers = [{ id: 'one', isHealthy: true, isAccepting: true, capacity: SLOTS }];
    this.#queue = queue;
    this.#slots = new Slots((resource) => queue.release(resource));
    this.#scheduling = new Scheduling({
      queue,
      slots: this.#slots,
      rates: new StartRates(() => 0),
      quotas: new QuotaBook(() => 0),
      warm: new WarmDirectories(),
      book: () => book,
      servers: () => servers,
    });
  }

  fill(count: number): void {
    for (let each = 0; each < count; each += 1) this.#put();
    this.#queue.reconcile([], { upTo: null, mark: 0 });
  }

  /** Each dispatch is followed by the end of the oldest one that runs, and by a new one that waits. */
  decide(times: number): void {
    for (let each = 0; each < times; each += 1) {
      const choice = this.#scheduling.next(each);
      if (!choice.session) throw new Error('Nobody can run.');
      this.#scheduling.start(choice.session, choice.serverId, each);
      this.#running.push(choice.session.id);
      if (this.#running.length === SLOTS) this.#slots.unreserve(this.#running.shift() ?? '');
      this.#put();
    }
  }

  /** As a sweep does, with a database that says the same as memory: nothing is newer than the mark. */
  compare(): void {
    const head = waiting(0, { priority: 0, waitingSinceMs: COMPARED * PRIORITIES, id: FIRST });
    this.#queue.reconcile([], { upTo: head, mark: -1 });
    const { ids } = this.#queue.someFrom(Math.floor(this.#queue.size / 2), COMPARED);
    for (const id of ids) this.#queue.removeGone(id, -1);
  }

  #put(): void {
    const number = this.#number;
    this.#number += 1;
    const tenant = number % TENANTS;
    const turn = Math.floor(number / TENANTS);
    this.#queue.put(
      waiting(number, {
        tenant: `tenant-${tenant}`,
        priority: turn % PRIORITIES,
        project: `/projects/${tenant}-${turn % PROJECTS}`,
        waitingSinceMs: number,
      }),
    );
  }
}

const FIRST = '00000000-0000-0000-0000-000000000000';

function cpuUs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** What is held, after everything that is not has been collected. */
function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
