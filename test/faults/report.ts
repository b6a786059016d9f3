import type { NamedFault } from './named-fault.ts';
import type { Lived } from './run-living.ts';
import { faultsIn, type Outcome } from './trial.ts';

const EVERY_MS = 5_000;

/** Says on standard error how far a long run is, and at once what went wrong. */
export class Progress implements Disposable {
  readonly #total: number;
  readonly #timer = setInterval(() => this.#tell(), EVERY_MS);
  #done = 0;
  #wrong = 0;
  #last = '';

  constructor(total: number) {
    this.#total = total;
  }

  note(name: string, complaints: readonly string[]): void {
    this.#done += 1;
    this.#last = name;
    if (complaints.length === 0) return;
    this.#wrong += 1;
    process.stderr.write(`✗ ${name}: ${complaints.join('; ')}\n`);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #tell(): void {
    const of = this.#total > 0 ? ` of ${this.#total}` : '';
    process.stderr.write(`${this.#done}${of} done, ${this.#wrong} wrong; last: ${this.#last}\n`);
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
  return [...faults.map(({ name }) => line(name, outcomes)), '', `${right} of ${outcomes.length} right`];
}

const isRight = (outcome: Outcome): boolean => faultsIn(outcome).length === 0;

function line(name: string, outcomes: readonly Outcome[]): string {
  const all = outcomes.filter(({ fault }) => fault === name);
  const right = all.filter(isRight).length;
  const verdicts = [...new Set(all.map(({ verdict }) => verdict))].join(', ');
  const took = all.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const [middle = 0, most = 0] = [took[Math.floor(took.length / 2)], took.at(-1)];
  const times = `p50 ${inSeconds(middle)}, max ${inSeconds(most)}, bound ${inSeconds(all[0]?.boundMs ?? 0)} + 2 s`;
  return `${right === all.length ? '✓' : '✗'} ${name.padEnd(30)} ${`${right}/${all.length}`.padStart(6)}  ${verdicts.padEnd(22)} ${times}`;
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
