import { loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { NamedFault } from './named-fault.ts';
import type { Lived } from './run-living.ts';
import { faultsIn, isLate, type Outcome } from './trial.ts';

const EVERY_MS = 5_000;

/**
 * Says on standard error how far a long run is, and at once what went wrong, beside what this process and the machine had to
 * bear then: what comes late by their load is told from what comes late by itself.
 */
export class Progress implements Disposable {
  readonly #total: number;
  readonly #timer = setInterval(() => this.#tell(), EVERY_MS);
  readonly #delay = monitorEventLoopDelay();
  readonly #beganAtMs = performance.now();
  #mostDelayMs = 0;
  #done = 0;
  #wrong = 0;
  #last = '';

  constructor(total: number) {
    this.#total = total;
    this.#delay.enable();
  }

  /** The load over a minute, and for how long at the most this process did not come to its turn. */
  get circumstances(): string {
    this.#mostDelayMs = Math.max(this.#mostDelayMs, toMs(this.#delay.max));
    return `${inSeconds(performance.now() - this.#beganAtMs)}; load ${(loadavg()[0] ?? 0).toFixed(1)}; this process stood still for at most ${this.#mostDelayMs} ms`;
  }

  note(name: string, complaints: readonly string[]): void {
    this.#done += 1;
    this.#last = name;
    if (complaints.length === 0) return;
    this.#wrong += 1;
    process.stderr.write(
      `✗ ${name}: ${complaints.join('; ')} (load ${(loadavg()[0] ?? 0).toFixed(1)}, stood still for ${toMs(this.#delay.max)} ms)\n`,
    );
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  #tell(): void {
    const of = this.#total > 0 ? ` of ${this.#total}` : '';
    process.stderr.write(
      `${this.#done}${of} done, ${this.#wrong} wrong or late; last: ${this.#last}; ${this.circumstances}\n`,
    );
    this.#delay.reset();
  }
}

export function listLines(faults: readonly NamedFault[]): string[] {
  return faults.map(
    ({ name, side, does, expected }) => `${name.padEnd(30)} ${side.padEnd(7)} ${expected.padEnd(22)} ${does}`,
  );
}

/** The reckoning of a run, for a person: one line a fault, and the sum. */
export function reportLines(faults: readonly NamedFault[], outcomes: readonly Outcome[]): string[] {
  const right = outcomes.filter(isRight).length;
  const inTime = outcomes.length - outcomes.filter((outcome) => isLate(outcome)).length;
  const sum = `${outcomes.length} tried: ${right} right, ${inTime} in time, at most ${inSeconds(latenessOf(outcomes))} after their clocks`;
  return [HEAD, ...faults.map(({ name }) => line(name, outcomes)), '', sum];
}

const HEAD = `  ${'fault'.padEnd(30)} ${'right'.padStart(6)} ${'in time'.padStart(8)} ${'clock'.padStart(8)} ${'p50'.padStart(8)} ${'latest'.padStart(8)}  came to`;

/** Whether it came to what it should, be it late. */
const isRight = ({ complaints }: Outcome): boolean => complaints.length === 0;

function line(name: string, outcomes: readonly Outcome[]): string {
  const all = outcomes.filter(({ fault }) => fault === name);
  const bad = all.filter((outcome) => faultsIn(outcome).length > 0).length;
  const count = (isGood: (outcome: Outcome) => boolean): string => `${all.filter(isGood).length}/${all.length}`;
  const took = all.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const cells = [
    count(isRight).padStart(6),
    count((outcome) => !isLate(outcome)).padStart(8),
    inSeconds(Math.max(0, ...all.map((outcome) => outcome.boundMs))).padStart(8),
    inSeconds(took[Math.floor(took.length / 2)] ?? 0).padStart(8),
    `${inSeconds(latenessOf(all))}`.padStart(8),
  ];
  const verdicts = [...new Set(all.map(({ verdict }) => verdict))].join(', ');
  return `${bad === 0 ? '✓' : '✗'} ${name.padEnd(30)} ${cells.join(' ')}  ${verdicts}`;
}

/** How long after its clock the last one came; less than nothing when all came before. */
function latenessOf(outcomes: readonly Outcome[]): number {
  return outcomes.length === 0 ? 0 : Math.max(...outcomes.map(({ tookMs, boundMs }) => tookMs - boundMs));
}

export function livingLines(lived: readonly Lived[]): string[] {
  const names = [...new Set(lived.map(({ name }) => name))];
  const cut = (some: readonly Lived[]): number => some.filter(({ killedBy }) => killedBy !== null).length;
  const each = names.map((name) => {
    const all = lived.filter((one) => one.name === name);
    return `  ${name.padEnd(20)} ${all.length} turns, ${cut(all)} cut`;
  });
  return [...each, '', `${cut(lived)} of ${lived.length} living turns cut`];
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function toMs(nanoseconds: number): number {
  return Math.round(nanoseconds / 1e6);
}
