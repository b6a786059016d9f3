interface Closed {
  resetAtMs: number;
  readonly byDefault: boolean;
  /** Whether it has answered before its time, or often enough: the database says that it is open. */
  readonly isOpen: boolean;
  /** Since its time is over. */
  starts: number;
  answers: number;
}

/** For so long after its time a model lets sessions through one by one: one each five seconds, and two more for each answer. */
const LITTLE_BY_LITTLE_MS = 60_000;
const EACH_MS = 5_000;
const ENOUGH = 8;

/** Which models are closed, as plainly as can be. */
export class ClosedModels {
  #closed = new Map<string, Closed>();

  close(name: string, { resetAtMs, byDefault }: Pick<Closed, 'resetAtMs' | 'byDefault'>): void {
    // Once it is known that servers take it by themselves, it stays known until it is open.
    const known = this.#closed.get(name);
    const isDefault = byDefault || (known?.byDefault === true && !known.isOpen);
    this.#closed.set(name, { resetAtMs, byDefault: isDefault, isOpen: false, starts: 0, answers: 0 });
  }

  open(name: string): void {
    this.#closed.delete(name);
  }

  /** One that answers before its time is tried from now on. */
  answer(name: string, nowMs: number): void {
    const closed = this.#closed.get(name);
    if (!closed) return;
    const isEarly = closed.resetAtMs > nowMs;
    const answers = closed.answers + 1;
    this.#closed.set(name, {
      ...closed,
      resetAtMs: Math.min(closed.resetAtMs, nowMs),
      isOpen: closed.isOpen || isEarly || answers >= ENOUGH,
      answers,
    });
  }

  /** The next leader does not know who was let through and who has answered since, but for what was opened by it. */
  newLeader(nowMs: number): readonly (readonly [string, Closed])[] {
    for (const [name, { resetAtMs, isOpen }] of this.#closed)
      if (isOpen || resetAtMs + LITTLE_BY_LITTLE_MS <= nowMs) this.#closed.delete(name);
    for (const closed of this.#closed.values()) Object.assign(closed, { starts: 0, answers: 0 });
    return [...this.#closed];
  }

  /** What a start breaks, in words. */
  broken(model: string | null, nowMs: number): string | null {
    for (const [name, { resetAtMs, starts, answers }] of this.#of(model)) {
      if (resetAtMs > nowMs) return `${name} is closed`;
      const passedMs = nowMs - resetAtMs;
      const allowed = 1 + Math.floor(passedMs / EACH_MS) + 2 * answers;
      if (passedMs < LITTLE_BY_LITTLE_MS && answers < ENOUGH && starts >= allowed)
        return `${starts + 1} at once for ${name}, ${allowed} allowed`;
    }
    return null;
  }

  start(model: string | null, nowMs: number): void {
    for (const [, closed] of this.#of(model)) if (closed.resetAtMs <= nowMs) closed.starts += 1;
  }

  #of(model: string | null): [string, Closed][] {
    return [...this.#closed].filter(([name, { byDefault }]) => (model === null ? byDefault : name === model));
  }
}
