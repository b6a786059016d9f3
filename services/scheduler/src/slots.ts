import { type LimitKey, serverKey } from './limit-book.ts';

/** A session that occupies something, as it was last heard of. */
export interface Holder {
  readonly id: string;
  readonly version: number;
  readonly status: 'working' | 'paused' | 'ended';
  readonly serverId: string | null;
  /** The directory that it works in itself; null when it has a worktree of its own. */
  readonly directory: string | null;
  /** What it counts for while it works. */
  readonly keys: readonly LimitKey[];
  /** Whether something of its last run may still work. */
  readonly isOpen: boolean;
}

/** What a session takes away from the others. */
export interface Claim {
  /** What it counts for, its server included; empty when it has no slot. */
  readonly counted: readonly LimitKey[];
  readonly directory: string | null;
}

const NOTHING: Claim = { counted: [], directory: null };

/**
 * Who occupies slots and directories. A slot is reserved before a dispatch is sent and stays reserved until its outcome
 * is known, whatever else is heard in between: that is why the limits hold while messages cross.
 */
export class Slots {
  readonly #onFreed: (resource: string) => void;
  readonly #holders = new Map<string, { readonly holder: Holder; readonly change: number }>();
  readonly #reservations = new Map<string, Claim>();
  readonly #claims = new Map<string, Claim>();
  /** By resource: who counts for it. */
  readonly #users = new Map<string, Set<string>>();
  readonly #directories = new Map<string, Set<string>>();
  #change = 0;

  /** `onFreed` is told of every resource that has become free, by the names of `LimitKey` and `directoryResource`. */
  constructor(onFreed: (resource: string) => void) {
    this.#onFreed = onFreed;
  }

  /** How many dispatches have no known outcome yet. */
  get reserved(): number {
    return this.#reservations.size;
  }

  /** How many count for this limit now. */
  used(resource: string): number {
    return this.#users.get(resource)?.size ?? 0;
  }

  /** Those who count for both limits. */
  usersOf(resource: string, other: string): string[] {
    return [...(this.#users.get(resource) ?? [])].filter((id) => this.counts(id, other));
  }

  /** Whether the session counts for the limit. */
  counts(id: string, resource: string): boolean {
    return this.#users.get(resource)?.has(id) ?? false;
  }

  /** Who else works in the directory itself; null when nobody does. */
  occupantOf(directory: string, exceptId: string): string | null {
    for (const id of this.#directories.get(directory) ?? []) if (id !== exceptId) return id;
    return null;
  }

  get(id: string): Holder | undefined {
    return this.#holders.get(id)?.holder;
  }

  /** What the session occupies now. */
  claimOf(id: string): Claim | undefined {
    return this.#claims.get(id);
  }

  isReserved(id: string): boolean {
    return this.#reservations.has(id);
  }

  /** `keys` are what it counts for, apart from the server. */
  reserve(id: string, serverId: string, { directory, keys }: Pick<Holder, 'directory' | 'keys'>): void {
    this.#reservations.set(id, { counted: [...keys, serverKey(serverId)], directory });
    this.#settle(id);
  }

  /** The outcome of the dispatch is known; from here on only what the session is counts. */
  unreserve(id: string): void {
    this.#reservations.delete(id);
    this.#settle(id);
  }

  /** What was heard of a session. An older version than the known one is no news. */
  set(holder: Holder): void {
    if ((this.get(holder.id)?.version ?? 0) > holder.version) return;
    this.#change += 1;
    if (occupies(holder)) this.#holders.set(holder.id, { holder, change: this.#change });
    else this.#holders.delete(holder.id);
    this.#settle(holder.id);
  }

  /** The present change number: `reconcile` leaves alone what changed after it. */
  mark(): number {
    return this.#change;
  }

  /** Takes over what the database says: these are all that occupy something. */
  reconcile(holders: readonly Holder[], mark: number): void {
    const ids = new Set(holders.map(({ id }) => id));
    for (const [id, { change }] of this.#holders) {
      if (change > mark || ids.has(id)) continue;
      this.#holders.delete(id);
      this.#settle(id);
    }
    for (const holder of holders) this.set(holder);
  }

  /** Brings the counts in step with what is known of one session. */
  #settle(id: string): void {
    const before = this.#claims.get(id) ?? NOTHING;
    const after = this.#reservations.get(id) ?? claimOf(this.get(id));
    if (after === NOTHING) this.#claims.delete(id);
    else this.#claims.set(id, after);
    this.#move(id, before.counted, after.counted);
    this.#moveDirectory(id, before.directory, after.directory);
  }

  #move(id: string, before: readonly LimitKey[], after: readonly LimitKey[]): void {
    for (const { resource } of after) this.#users.set(resource, (this.#users.get(resource) ?? new Set()).add(id));
    const kept = new Set(after.map(({ resource }) => resource));
    for (const { resource } of before) {
      if (kept.has(resource)) continue;
      const users = this.#users.get(resource);
      users?.delete(id);
      if (users?.size === 0) this.#users.delete(resource);
      this.#onFreed(resource);
    }
  }

  #moveDirectory(id: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (after !== null) this.#directories.set(after, (this.#directories.get(after) ?? new Set()).add(id));
    if (before === null) return;
    const occupants = this.#directories.get(before);
    occupants?.delete(id);
    if (occupants?.size === 0) this.#directories.delete(before);
    this.#onFreed(directoryResource(before));
  }
}

export const directoryResource = (directory: string): string => `in-place:${directory}`;

function occupies(holder: Holder): boolean {
  return claimOf(holder) !== NOTHING;
}

/** A slot while it works; the directory also while it is paused, and until its last run is shown to be over. */
function claimOf(holder: Holder | undefined): Claim {
  if (!holder) return NOTHING;
  const { directory, keys, serverId } = holder;
  if (holder.status === 'working') return { counted: [...keys, serverKey(serverId ?? '')], directory };
  if (directory !== null && (holder.status === 'paused' || holder.isOpen)) return { counted: [], directory };
  return NOTHING;
}
