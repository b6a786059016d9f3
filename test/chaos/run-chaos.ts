import { untilTimeIsUp } from '@oio/runtime';
import { AFTER_MS, assess } from './assess.ts';
import { faultsNamed } from './faults/catalogue.ts';
import type { Fault } from './faults/fault.ts';
import { type Fleet, startFleet } from './fleet/start-fleet.ts';
import { look } from './invariants/catalogue.ts';
import { INCOMPLETE_PARENTS } from './invariants/family-invariants.ts';
import type { Evidence } from './invariants/invariant.ts';
import { History } from './load/history.ts';
import { HttpClient } from './load/http-client.ts';
import { type Load, startLoad } from './load/load.ts';
import { withTemporaryDirectory } from '../temporary-directory.ts';
import { pause } from './pause.ts';
import type { Plant } from './plants/plant.ts';
import { createRandom } from './random.ts';
import type { Report } from './result.ts';
import { letLoose, type Strike } from './schedule.ts';
import type { Loss } from './takeovers.ts';
import { isDisturbed, type Window } from './windows.ts';
import type { World } from './world.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** From the first submission to the end of the load; the last twenty are without faults, or more when one has an aftermath. */
  readonly seconds: number;
  readonly faults: readonly string[];
  /** How many faults are on at the same time at most. */
  readonly atOnce: number;
  readonly plant: Plant | null;
  /** Invariants, or faults with a criterion of their own: the run ends as soon as one of them is seen broken. */
  readonly stopsAt: readonly string[];
  readonly users: number;
  /** Fewer processes, for a machine that has other things to do at the same time. */
  readonly small: boolean;
  readonly keepsFiles: boolean;
  readonly say: (line: string) => void;
}

const QUIET_MS = 20_000;
const LOOK_EVERY_MS = 2_000;
const FIRST_SUCCESS_MS = 40_000;
const WARM_UP_MS = 4_000;
/** Directories that faults use for sessions of their own. */
const KEPT_BACK = 50;

/**
 * One run: the system as processes, clients, faults, and the reckoning at the end. Everything is gone afterwards, but the data and
 * logs of a run that was not ok, when nothing was planted: without them nobody could tell why.
 */
export function runChaos(options: ChaosOptions): Promise<Report> {
  const keepsIf = ({ result }: Report): boolean => options.plant === null && !result.ok;
  return withTemporaryDirectory({ prefix: 'oio-chaos-', keeps: options.keepsFiles, keepsIf }, async (directory) => {
    const { say } = options;
    const ended: string[] = [];
    say(`seed ${options.seed}; logs in ${directory}`);
    const counts = options.small ? SMALL : FULL;
    await using fleet = await startFleet({
      directory,
      counts,
      plant: options.plant,
      onUnexpectedEnd: (how) => {
        ended.push(how);
        say(how);
      },
    });
    return await new Run(options, fleet, ended).go();
  });
}

const FULL = { 'session-actor': 2, scheduler: 2, 'opencode-gateway': 2, 'http-gateway': 2, metrics: 1, opencode: 2 };
const SMALL = { ...FULL, 'http-gateway': 1, opencode: 1 };

class Run {
  readonly #options: ChaosOptions;
  readonly #fleet: Fleet;
  readonly #ended: readonly string[];
  readonly #history = new History();
  readonly #strikes: Strike[] = [];
  readonly #losses: Loss[] = [];
  readonly #early: string[] = [];
  /** Faults that are on at the moment. */
  readonly #open = new Map<string, Window>();
  readonly #over = new AbortController();
  /** When a breach was seen at which the run ends. */
  #brokenOffAt: number | null = null;
  readonly #troubles: string[] = [];

  constructor(options: ChaosOptions, fleet: Fleet, ended: readonly string[]) {
    this.#options = options;
    this.#fleet = fleet;
    this.#ended = ended;
  }

  async go(): Promise<Report> {
    const { seconds, say } = this.#options;
    const { signal } = this.#over;
    const { client, load } = this.#startLoad(signal);
    const watching = this.#watch(signal);
    await this.#firstSuccess();
    const [startedAt, from] = [performance.now(), Date.now()];
    await pause(WARM_UP_MS, signal);
    await this.#disturb(client, load, startedAt + Math.max(seconds * 1_000 - QUIET_MS, 5_000), signal);
    say('no more faults; the load goes on');
    const overInMs = Math.max(0, ...this.#strikes.map(({ overAt }) => overAt - Date.now()));
    await pause(Math.max(QUIET_MS, overInMs + AFTER_MS), signal);
    say('no more load; waiting for rest');
    const loaded = { from, to: Date.now() };
    await load.stop();
    const ranMs = performance.now() - startedAt;
    await this.#rest(signal);
    this.#over.abort();
    await watching;
    const evidence = await this.#evidence(true);
    // A run that was broken off has not come to rest: what it had not done yet is no breach.
    const findings = this.#brokenOffAt === null ? await look(evidence, { final: true }) : new Map<string, string[]>();
    const shownAfterMs = (this.#brokenOffAt ?? performance.now()) - startedAt;
    const parts = {
      ...this.#options,
      ranMs,
      loaded,
      findings,
      strikes: this.#strikes,
      ended: [...this.#ended, ...this.#troubles],
      early: this.#early,
    };
    return assess({ ...parts, shownAfterMs }, evidence);
  }

  #startLoad(abandoned: AbortSignal): { client: HttpClient; load: Load } {
    const { seed, users } = this.#options;
    const { services, apiKey, directories } = this.#fleet;
    const random = createRandom(seed).fork('load');
    const gateways = services.filter(({ kind }) => kind === 'http-gateway');
    const urls = (): string[] => {
      const serving = gateways.filter(({ isServing }) => isServing);
      return (serving.length > 0 ? serving : gateways).map(({ apiUrl }) => apiUrl);
    };
    const client = new HttpClient({ urls, apiKey, history: this.#history, random, signal: abandoned });
    const parts = { client, history: this.#history, random, users, abandoned };
    return { client, load: startLoad({ ...parts, directories: directories.slice(KEPT_BACK) }) };
  }

  async #firstSuccess(): Promise<void> {
    const giveUpAt = performance.now() + FIRST_SUCCESS_MS;
    while (this.#history.accepted.length === 0) {
      if (performance.now() > giveUpAt)
        throw new Error(`No session was accepted within ${FIRST_SUCCESS_MS / 1_000} s.`);
      await pause(100);
    }
  }

  async #disturb(client: HttpClient, load: Load, endsAt: number, signal: AbortSignal): Promise<void> {
    const { seed, atOnce, seconds, plant, say } = this.#options;
    const faults = faultsNamed(this.#options.faults);
    const random = createRandom(seed).fork('faults');
    const world = ({ name }: Fault, within: number): World => ({
      ...this.#fleet,
      client,
      load,
      history: this.#history,
      directories: this.#fleet.directories.slice(0, KEPT_BACK),
      random,
      losses: this.#losses,
      seconds,
      // A defect that was planted shows sooner where the fault comes often.
      takesTurns: faults.length > 1 || plant !== null,
      signal: untilTimeIsUp(signal, Math.max(0, within - performance.now())),
      fault: name,
      isAloneSince: (from) => !isDisturbed(this.#windows(), { but: name, from, to: Date.now() }),
    });
    const onBegin = ({ name, touches }: Fault): void => {
      this.#open.set(name, { fault: name, touches, from: Date.now(), to: Number.POSITIVE_INFINITY });
      say(`+ ${name}`);
    };
    const onStrike = (strike: Strike): void => {
      this.#open.delete(strike.window.fault);
      this.#strikes.push(strike);
      say(`- ${told(strike)} (${this.#history.accepted.length} accepted)`);
      this.#breakOffAt((strike.effect?.breaches ?? []).map((breach) => `${strike.window.fault}: ${breach}`));
    };
    const schedule = { faults, atOnce, endsAt, random, signal, onBegin, onStrike };
    await letLoose({ ...schedule, untilAtWork: () => this.#untilAtWork(signal) }, world);
  }

  /** Until a session is completed that was at work after the faults; a server that failed is left alone for a minute. */
  async #untilAtWork(signal: AbortSignal): Promise<void> {
    const from = Date.now();
    while (Date.now() - from < AT_WORK_WITHIN_MS && !signal.aborted) {
      if ((await this.#fleet.witness.query(COMPLETED_SINCE, [from])).length > 0) return;
      await pause(200, signal);
    }
  }

  #breakOffAt(breaches: readonly string[]): void {
    if (!breaches.some((line) => this.#options.stopsAt.some((name) => line.startsWith(`${name}: `)))) return;
    this.#brokenOffAt ??= performance.now();
    this.#over.abort();
  }

  /** Waits until what was accepted has ended and what was committed is out. What does not come to rest shows in the end. */
  async #rest(signal: AbortSignal): Promise<void> {
    const { witness, bus } = this.#fleet;
    const giveUpAt = performance.now() + (this.#options.stopsAt.length > 0 ? SHORT_REST_MS : REST_MS);
    while (performance.now() < giveUpAt && !signal.aborted) {
      const [row] = await witness.query<{ open: number; events: number }>(OPEN);
      if (row?.open === 0 && bus.events.size >= row.events) return;
      await pause(500, signal);
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { say } = this.#options;
    while (!signal.aborted) {
      await pause(LOOK_EVERY_MS, signal);
      const findings = await look(await this.#evidence(false), { final: false }).catch((error: unknown) => {
        // A look that fails shows nothing: such a run proves nothing either.
        this.#troubles.push(`the invariants could not be looked at: ${String(error)}`);
        return new Map<string, string[]>();
      });
      const found = [...findings].flatMap(([id, breaches]) => breaches.map((breach) => `${id}: ${breach}`));
      if (found.length > 0 && this.#early.length === 0)
        say(`breach after ${this.#history.commands.length} commands: ${found[0]}`);
      this.#early.push(...found.filter((line) => !this.#early.includes(line)));
      this.#breakOffAt(found);
    }
  }

  async #evidence(final: boolean): Promise<Evidence> {
    const { witness, bus, opencode } = this.#fleet;
    const calls = (await Promise.all(opencode.map((server) => server.calls()))).flat();
    const [history, windows, losses] = [this.#history, this.#windows(), this.#losses];
    const exposition = (): Promise<string> => expositionOf(this.#fleet);
    return { witness, history, observed: bus, exposition, calls, windows, losses, final };
  }

  #windows(): readonly Window[] {
    return [...this.#strikes.map(({ window }) => window), ...this.#open.values()];
  }
}

async function expositionOf({ services, apiKey }: Fleet): Promise<string> {
  const gateway = services.find(({ kind, isServing }) => kind === 'http-gateway' && isServing);
  const request = { headers: { authorization: `Bearer ${apiKey}` }, signal: AbortSignal.timeout(EXPOSED_WITHIN_MS) };
  return fetch(`${gateway?.apiUrl}/metrics`, request).then(
    (response) => response.text(),
    () => '',
  );
}

const EXPOSED_WITHIN_MS = 5_000;

const AT_WORK_WITHIN_MS = 75_000;
const COMPLETED_SINCE = `select 1 from session_events
where type = 'session.completed' and at > to_timestamp($1::float8 / 1000) limit 1`;

const REST_MS = 60_000;
const SHORT_REST_MS = 8_000;

const OPEN = `select (select count(*)::int from sessions where status in ('queued', 'running', 'degraded') or attempt_open
    or state -> 'timers' -> 'retry' is not null)
  + (select count(*)::int from (${INCOMPLETE_PARENTS}) as parents) as open, (select count(*)::int from session_events) as events`;

function told({ window, effect, problem }: Strike): string {
  const seconds = ((window.to - window.from) / 1_000).toFixed(1);
  return `${window.fault}: ${seconds} s, ${problem ?? `${effect?.times} times${effect?.note ? `, ${effect.note}` : ''}`}`;
}
