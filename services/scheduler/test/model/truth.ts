import type { LimitRule } from '@oio/contracts';
import type { Server } from '../../src/servers.ts';
import type { WaitingSession } from '../../src/waiting-session.ts';
import { ClosedModels } from './closed-models.ts';

export interface Running {
  readonly session: WaitingSession;
  readonly serverId: string;
}

/** What is really so, as plainly as can be: lists that are counted anew for each question. It knows nothing of heaps, lanes or counters. */
export class Truth {
  readonly waiting = new Map<string, WaitingSession>();
  readonly running = new Map<string, Running>();
  readonly servers: readonly Server[];
  readonly closed = new ClosedModels();
  #rules: readonly LimitRule[] = [];
  /** The starts of the last minute, since the limits were set. */
  #starts: { readonly atMs: number; readonly started: Running }[] = [];

  constructor(servers: readonly Server[]) {
    this.servers = servers;
  }

  /** A rate counts from when it is set. */
  set rules(rules: readonly LimitRule[]) {
    this.#rules = rules;
    this.#starts = [];
  }

  /** How many that work a limit may have, and by what they count for it. */
  limit(scope: LimitRule['scope'], name: string): Pick<LimitRule, 'concurrent' | 'startsPerMinute'> {
    const rule =
      this.#rules.find((each) => each.scope === scope && each.name === name) ??
      this.#rules.find((each) => each.scope === scope && each.name === null);
    const fallback = { global: 6, concurrencyKey: 1 }[scope as string] ?? null;
    return { concurrent: rule?.concurrent ?? fallback, startsPerMinute: rule?.startsPerMinute ?? null };
  }

  /** What a start breaks, in words; null when it may be. To be asked before it is noted. */
  broken(started: Running, nowMs: number): string | null {
    return this.closed.broken(started.session.model, nowMs) ?? this.#limited(started, nowMs) ?? this.#full(started);
  }

  #limited(started: Running, nowMs: number): string | null {
    for (const [scope, name] of namesOf(started)) {
      const isCounted = (other: Running): boolean => sharesOf(other, started, scope);
      const { concurrent, startsPerMinute } = this.limit(scope, name);
      const used = [...this.running.values()].filter(isCounted).length;
      if (concurrent !== null && used >= concurrent) return `${used + 1} of ${scope} ${name}, ${concurrent} allowed`;
      const starts = this.#starts.filter((start) => start.atMs > nowMs - 60_000 && isCounted(start.started)).length;
      if (startsPerMinute !== null && starts >= startsPerMinute)
        return `${starts + 1} starts a minute of ${scope} ${name}`;
    }
    return null;
  }

  #full(started: Running): string | null {
    const { directory } = started.session;
    if (directory !== null && [...this.running.values()].some(({ session }) => session.directory === directory))
      return `two in ${directory}`;
    const server = this.servers.find(({ id }) => id === started.serverId);
    const used = [...this.running.values()].filter(({ serverId }) => serverId === started.serverId).length;
    return server && used >= server.capacity ? `${used + 1} on ${server.id}` : null;
  }

  start(started: Running, nowMs: number): void {
    this.closed.start(started.session.model, nowMs);
    this.waiting.delete(started.session.id);
    this.running.set(started.session.id, started);
    this.#starts = [...this.#starts.filter(({ atMs }) => atMs > nowMs - 60_000), { atMs: nowMs, started }];
  }

  /** Those that could start now somewhere, apart from rates. */
  able(nowMs: number): WaitingSession[] {
    return [...this.waiting.values()].filter((session) =>
      this.servers.some(({ id }) => this.broken({ session, serverId: id }, nowMs) === null),
    );
  }

  get hasRates(): boolean {
    return this.#rules.some(({ startsPerMinute }) => startsPerMinute !== null);
  }
}

function namesOf({ session, serverId }: Running): [LimitRule['scope'], string][] {
  const names: [LimitRule['scope'], string][] = [
    ['global', ''],
    ['tenant', session.tenant],
    ['directory', session.project],
    ['server', serverId],
  ];
  if (session.model !== null) names.push(['model', session.model]);
  if (session.concurrencyKey !== null) names.push(['concurrencyKey', session.concurrencyKey]);
  return names;
}

function sharesOf(a: Running, b: Running, scope: LimitRule['scope']): boolean {
  switch (scope) {
    case 'global':
      return true;
    case 'tenant':
      return a.session.tenant === b.session.tenant;
    case 'directory':
      return a.session.project === b.session.project;
    case 'model':
      return a.session.model === b.session.model;
    case 'server':
      return a.serverId === b.serverId;
    case 'concurrencyKey':
      return a.session.tenant === b.session.tenant && a.session.concurrencyKey === b.session.concurrencyKey;
  }
}
