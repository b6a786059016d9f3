import type { LimitRule, LimitScope } from '@oio/contracts';
import type { LaneFacts } from './lane.ts';

/** What one limit counts. */
export interface LimitKey {
  readonly scope: LimitScope;
  readonly name: string;
  /** The same as one word, for counting and blocking. */
  readonly resource: string;
}

export interface LimitBookOptions {
  readonly rules: readonly LimitRule[];
  /** How many sessions may work at the same time where no rule says it. */
  readonly globalConcurrent: number;
}

/** The limits that hold, in a form that answers at once. */
export class LimitBook {
  readonly #rules = new Map<string, LimitRule>();
  readonly #globalConcurrent: number;

  constructor({ rules, globalConcurrent }: LimitBookOptions) {
    this.#globalConcurrent = globalConcurrent;
    for (const rule of rules) this.#rules.set(JSON.stringify([rule.scope, rule.name]), rule);
  }

  /** How many may work at the same time; infinite without a limit. */
  concurrent({ scope, name }: Pick<LimitKey, 'scope' | 'name'>): number {
    const most = this.#rule(scope, name)?.concurrent;
    if (most !== undefined && most !== null) return most;
    if (scope === 'global') return this.#globalConcurrent;
    // That is what a client gives a key for.
    return scope === 'concurrencyKey' ? 1 : Number.POSITIVE_INFINITY;
  }

  /** How long one start keeps the next one waiting, in milliseconds. */
  startGapMs({ scope, name }: Pick<LimitKey, 'scope' | 'name'>): number {
    const perMinute = this.#rule(scope, name)?.startsPerMinute ?? null;
    return perMinute === null ? 0 : 60_000 / perMinute;
  }

  weightOf(tenant: string): number {
    return this.#rule('tenant', tenant)?.weight ?? this.#rule('tenant', null)?.weight ?? 1;
  }

  /** The rule of that very name, else the one for each. */
  #rule(scope: LimitScope, name: string | null): LimitRule | undefined {
    return this.#rules.get(JSON.stringify([scope, name])) ?? this.#rules.get(JSON.stringify([scope, null]));
  }
}

export const GLOBAL: LimitKey = { scope: 'global', name: '', resource: 'global' };

export const serverKey = (id: string): LimitKey => keyOf('server', id);

/** What a session counts for, apart from the server, in the order in which it is checked. */
export function limitKeys({ tenant, project, model, concurrencyKey }: LaneFacts): readonly LimitKey[] {
  const keys = [GLOBAL, keyOf('tenant', tenant), keyOf('directory', project)];
  if (model !== null) keys.push(keyOf('model', model));
  // A client's key means nothing to another tenant.
  if (concurrencyKey !== null)
    keys.push({ ...keyOf('concurrencyKey', concurrencyKey), resource: `key:${tenant}:${concurrencyKey}` });
  return keys;
}

function keyOf(scope: LimitScope, name: string): LimitKey {
  return { scope, name, resource: `${scope}:${name}` };
}
