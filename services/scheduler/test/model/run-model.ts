import { createHash } from 'node:crypto';
import { type LimitRule, limits } from '@oio/contracts';
import { LimitBook, limitKeys } from '../../src/limit-book.ts';
import { type Bucket, QuotaBook } from '../../src/quota-book.ts';
import { Scheduling } from '../../src/scheduling.ts';
import { Slots } from '../../src/slots.ts';
import { StartRates } from '../../src/start-rates.ts';
import { WaitingQueue } from '../../src/waiting-queue.ts';
import { compareWaiting, type WaitingSession } from '../../src/waiting-session.ts';
import { WarmDirectories } from '../../src/warm-directories.ts';
import { idOf, waiting } from '../support/waiting.ts';
import { chanceOf } from './random.ts';
import { Truth } from './truth.ts';

const SERVERS = [
  { id: 'one', isHealthy: true, isAccepting: true, capacity: 3 },
  { id: 'two', isHealthy: true, isAccepting: true, capacity: 4 },
];
const MAX_WAIT_MS = 20_000;
const MOST_WAITING = 60;
const MODELS = ['a/b', 'c/d'];

export interface ModelRun {
  readonly steps: number;
  readonly admitted: number;
  readonly started: number;
  readonly limitChanges: number;
  readonly leaderChanges: number;
  /** Models that were closed, and that answered after it. */
  readonly closed: number;
  readonly answers: number;
  /** Starts that came before one which was able to run and overdue for longer, in a row: at most three may. */
  readonly passedOver: number;
  /** What was broken, in words. */
  readonly broken: readonly string[];
  /** Of all decisions in order: the same for the same seed. */
  readonly fingerprint: string;
}

/** Random steps on a virtual clock, the scheduler's decision against the plain truth after each. */
export function runModel(seed: number, steps: number): ModelRun {
  const model = new Model(seed);
  for (let step = 0; step < steps; step += 1) model.step();
  model.finish();
  return model.report(steps);
}

class Model {
  readonly #chance: () => number;
  readonly #truth = new Truth(SERVERS);
  readonly #broken: string[] = [];
  readonly #decisions = createHash('sha256');
  #nowMs = 1_000_000;
  #version = 0;
  #facts = 0;
  #count = { admitted: 0, started: 0, limitChanges: 0, leaderChanges: 0, closed: 0, answers: 0, passedOver: 0 };
  /** Starts in a row that passed over the same one. */
  #passing = { id: '', count: 0 };
  #slots!: Slots;
  #queue!: WaitingQueue;
  #scheduling!: Scheduling;
  #quotas!: QuotaBook;
  #book = new LimitBook({ rules: [], globalConcurrent: 6 });

  constructor(seed: number) {
    this.#chance = chanceOf(seed);
    this.#lead();
  }

  step(): void {
    const chance = this.#chance();
    if (chance < 0.42) this.#admit();
    else if (chance < 0.8) this.#end(false);
    else if (chance < 0.85) this.#end(true);
    else if (chance < 0.86) this.#changeLimits(this.#someRules());
    else if (chance < 0.865) this.#changeLeader();
    else if (chance < 0.873) this.#closeModel();
    else if (chance < 0.878) this.#openModel();
    else if (chance < 0.9) this.#answer();
    else this.#nowMs += Math.floor(this.#chance() * 2_000);
    this.#dispatch();
  }

  /** Without limits of an operator everything must run and end: nothing was lost. */
  finish(): void {
    this.#changeLimits([]);
    for (let round = 0; round < 10_000 && this.#truth.waiting.size + this.#truth.running.size > 0; round += 1) {
      this.#nowMs += 1_000;
      this.#dispatch();
      this.#end(false);
    }
    if (this.#truth.waiting.size > 0) this.#broken.push(`${this.#truth.waiting.size} lost`);
    if (this.#queue.size > 0) this.#broken.push(`${this.#queue.size} too many in the queue`);
  }

  report(steps: number): ModelRun {
    const fingerprint = this.#decisions.copy().digest('hex').slice(0, 16);
    return { steps, ...this.#count, broken: this.#broken, fingerprint };
  }

  #admit(): void {
    if (this.#truth.waiting.size >= MOST_WAITING) return;
    this.#count.admitted += 1;
    const project = this.#pick(['/shop', '/office', '/mill']);
    this.#put(idOf(this.#count.admitted), {
      tenant: this.#pick(['acme', 'bolt', 'coil']),
      priority: Math.floor(this.#chance() * 5),
      project,
      directory: this.#chance() < 0.2 ? project : null,
      model: this.#pick([null, ...MODELS]),
      concurrencyKey: this.#pick([null, null, null, 'deploy']),
    });
  }

  #put(id: string, facts: Partial<ReturnType<typeof waiting>>): void {
    this.#version += 1;
    const session = { ...waiting(0, facts), id, waitingSinceMs: this.#nowMs, version: this.#version };
    this.#truth.waiting.set(id, session);
    this.#queue.put(session);
  }

  /** One that works ends; or crashes, and waits again. */
  #end(isCrash: boolean): void {
    const running = this.#pick([...this.#truth.running.values()]);
    if (!running) return;
    const { session } = running;
    this.#truth.running.delete(session.id);
    this.#slots.unreserve(session.id);
    if (isCrash) this.#put(session.id, session);
  }

  #changeLimits(rules: readonly LimitRule[]): void {
    this.#count.limitChanges += 1;
    this.#truth.rules = rules;
    this.#book = new LimitBook({ rules, globalConcurrent: 6 });
    this.#queue.releaseAll();
    this.#passing = { id: '', count: 0 };
  }

  #closeModel(): void {
    this.#count.closed += 1;
    const wish = { resetAtMs: this.#nowMs + Math.floor(this.#chance() * 30_000), byDefault: this.#chance() < 0.3 };
    const bucket = this.#bucket(this.#pick(MODELS), wish);
    this.#truth.closed.close(bucket.name, bucket);
    this.#quotas.apply(bucket);
    this.#queue.releaseAll();
    this.#passing = { id: '', count: 0 };
  }

  #openModel(): void {
    const bucket = this.#bucket(this.#pick(MODELS), { isOpen: true, closedBy: 'operator' });
    this.#truth.closed.open(bucket.name);
    this.#quotas.apply(bucket);
    this.#queue.releaseAll();
  }

  #answer(): void {
    const name = this.#pick(MODELS);
    if (!this.#quotas.names.includes(name)) return;
    this.#count.answers += 1;
    this.#truth.closed.answer(name, this.#nowMs);
    this.#quotas.answered(name, (this.#facts += 1));
    this.#queue.releaseAll();
  }

  /** Newer than all before. */
  #bucket(name: string, wish: Partial<Bucket>): Bucket {
    const changedAtMs = (this.#facts += 1);
    const [resetAtMs, said] = [this.#nowMs, 'Too many requests.'];
    const rest = { isOpen: false, closedBy: 'provider' as const, shortened: false, byDefault: false };
    return { name, resetAtMs, said, changedAtMs, ...rest, ...wish };
  }

  #someRules(): readonly LimitRule[] {
    const rules: Partial<LimitRule>[] = [];
    const some = (rule: Partial<LimitRule>): unknown => this.#chance() < 0.3 && rules.push(rule);
    const most = (): number => Math.floor(this.#chance() * 5);
    some({ scope: 'global', concurrent: most() });
    some({ scope: 'tenant', concurrent: most(), weight: 2 });
    some({ scope: 'tenant', name: 'acme', concurrent: most() + 1, weight: 3 });
    some({ scope: 'directory', concurrent: most() });
    some({ scope: 'model', name: 'a/b', concurrent: most() });
    some({ scope: 'server', name: 'one', concurrent: most() });
    some({ scope: 'concurrencyKey', concurrent: most() });
    if (this.#chance() < 0.1) some({ scope: 'tenant', name: 'bolt', startsPerMinute: 1 + most() });
    if (this.#chance() < 0.1) some({ scope: 'server', name: 'two', startsPerMinute: 1 + most() });
    return limits.parse({ limits: rules }).limits;
  }

  /** The next leader knows what the database knows: who waits, page by page, and who works. */
  #changeLeader(): void {
    this.#count.leaderChanges += 1;
    this.#lead();
    for (const { session, serverId } of this.#truth.running.values()) {
      const { id, directory, version } = session;
      const keys = limitKeys(session);
      this.#slots.set({ id, version, status: 'working', serverId, directory, keys, isOpen: true });
      // What ends is told by its reservation in this model.
      this.#slots.reserve(id, serverId, { directory, keys });
      this.#slots.set({ id, version, status: 'ended', serverId, directory: null, keys: [], isOpen: false });
    }
    const all = [...this.#truth.waiting.values()].sort(compareWaiting);
    for (let from = 0; from <= all.length; from += 7) {
      const page = all.slice(from, from + 7);
      const upTo = from + 7 > all.length ? null : (page.at(-1) ?? null);
      if (from === 0) this.#queue.reconcile(page, { upTo, mark: this.#queue.mark() });
      else this.#queue.fill(page, { after: all[from - 1] ?? null, upTo });
    }
    this.#passing = { id: '', count: 0 };
  }

  #lead(): void {
    const queue: WaitingQueue = new WaitingQueue({
      capacity: 1_000,
      maxWaitMs: MAX_WAIT_MS,
      nowMs: () => this.#nowMs,
      weightOf: (tenant) => this.#book.weightOf(tenant),
    });
    this.#queue = queue;
    this.#quotas = new QuotaBook(() => this.#nowMs);
    // As the database has them.
    for (const [name, { resetAtMs, byDefault }] of this.#truth.closed.newLeader(this.#nowMs))
      this.#quotas.apply(this.#bucket(name, { resetAtMs, byDefault }));
    this.#slots = new Slots((resource) => queue.release(resource));
    this.#scheduling = new Scheduling({
      queue,
      slots: this.#slots,
      rates: new StartRates(() => this.#nowMs),
      quotas: this.#quotas,
      book: () => this.#book,
      servers: () => SERVERS,
      warm: new WarmDirectories(),
    });
  }

  #dispatch(): void {
    const truth = this.#truth;
    for (let choice = this.#scheduling.next(this.#nowMs); choice.session; choice = this.#scheduling.next(this.#nowMs)) {
      const { session, serverId } = choice;
      const broken = truth.waiting.has(session.id)
        ? truth.broken({ session, serverId }, this.#nowMs)
        : 'it does not wait';
      if (broken) this.#broken.push(`${session.id}: ${broken}`);
      this.#checkOrder(session.id);
      this.#scheduling.start(session, serverId, this.#nowMs);
      truth.start({ session, serverId }, this.#nowMs);
      this.#count.started += 1;
      this.#decisions.update(`${session.id}${serverId}`);
    }
    if (!truth.hasRates && truth.able(this.#nowMs).length > 0) this.#broken.push('a slot stays empty');
  }

  /** Who is able to run and overdue longest is passed over by three at most. */
  #checkOrder(chosen: string): void {
    if (this.#truth.hasRates) return;
    const able = this.#truth.able(this.#nowMs);
    const overdue = able.filter(({ waitingSinceMs }) => waitingSinceMs + MAX_WAIT_MS <= this.#nowMs);
    overdue.sort((a, b) => a.waitingSinceMs - b.waitingSinceMs || (a.id < b.id ? -1 : 1));
    const [oldest] = overdue;
    if (!oldest || oldest.id === chosen) this.#passing = { id: '', count: 0 };
    else this.#passing = { id: oldest.id, count: this.#passing.id === oldest.id ? this.#passing.count + 1 : 1 };
    this.#count.passedOver = Math.max(this.#count.passedOver, this.#passing.count);
    if (this.#passing.count > 3) this.#broken.push(`${oldest?.id} is passed over again`);
    if (oldest?.id !== chosen) this.#checkDeferred(chosen, able);
  }

  #checkDeferred(chosen: string, able: readonly WaitingSession[]): void {
    const isDeferred = able.find(({ id }) => id === chosen)?.priority === 4;
    if (isDeferred && able.some(({ priority }) => priority < 4)) this.#broken.push('deferred came first');
  }

  #pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.#chance() * values.length)] as T;
  }
}
