/** A session that occupies something, as it was last heard of. */
export interface Holder {
  readonly id: string;
  readonly version: number;
  readonly status: 'working' | 'paused' | 'ended';
  readonly serverId: string | null;
  /** The directory that it works in itself; null when it has a worktree of its own. */
  readonly directory: string | null;
  /** Whether something of its last run may still work. */
  readonly isOpen: boolean;
}

/** What a session takes away from the others. */
interface Claim {
  /** The server that its slot is on; null when it has none. */
  readonly slotOn: string | null;
  readonly directory: string | null;
}

const NOTHING: Claim = { slotOn: null, directory: null };

/**
 * Who occupies slots and directories. A slot is reserved before a dispatch is sent and stays reserved until its outcome
 * is known, whatever else is heard in between: that is why the limits hold while messages cross.
 */
export class Slots {
  readonly #onFreed: (resource: string) => void;
  readonly #holders = new Map<string, { readonly holder: Holder; readonly change: number }>();
  readonly #reservations = new Map<string, Claim>();
  readonly #claims = new Map<string, Claim>();
  readonly #usedOn = new Map<string, number>();
  readonly #directories = new Map<string, Set<string>>();
  #used = 0;
  #change = 0;

  /** `onFreed` is told of every resource that has become free, by the names of `serverResource` and `directoryResource`. */
  constructor(onFreed: (resource: string) => void) {
    this.#onFreed = onFreed;
  }

  get used(): number {
    return this.#used;
  }

  /** How many dispatches have no known outcome yet. */
  get reserved(): number {
    return this.#reservations.size;
  }

  usedOn(serverId: string): number {
    return this.#usedOn.get(serverId) ?? 0;
  }

  /** Who else works in the directory itself; null when nobody does. */
  occupantOf(directory: string, exceptId: string): string | null {
    for (const id of this.#directories.get(directory) ?? []) if (id !== exceptId) return id;
    return null;
  }

  get(id: string): Holder | undefined {
    return this.#holders.get(id)?.holder;
  }

  /** The directory that the session occupies now. */
  directoryOf(id: string): string | null {
    return this.#claims.get(id)?.directory ?? null;
  }

  isReserved(id: string): boolean {
    return this.#reservations.has(id);
  }

  reserve(id: string, serverId: string, directory: string | null): void {
    this.#reservations.set(id, { slotOn: serverId, directory });
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
    this.#moveSlot(before.slotOn, after.slotOn);
    this.#moveDirectory(id, before.directory, after.directory);
  }

  #moveSlot(before: string | null, after: string | null): void {
    if (before === after) return;
    if (after !== null) {
      this.#used += 1;
      this.#usedOn.set(after, this.usedOn(after) + 1);
    }
    if (before === null) return;
    this.#used -= 1;
    if (this.usedOn(before) > 1) this.#usedOn.set(before, this.usedOn(before) - 1);
    else this.#usedOn.delete(before);
    this.#onFreed(serverResource(before));
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

export const serverResource = (serverId: string): string => `server:${serverId}`;
export const directoryResource = (directory: string): string => `directory:${directory}`;

function occupies(holder: Holder): boolean {
  return claimOf(holder) !== NOTHING;
}

/** A slot while it works; the directory also while it is paused, and until its last run is shown to be over. */
function claimOf(holder: Holder | undefined): Claim {
  if (!holder) return NOTHING;
  if (holder.status === 'working') return { slotOn: holder.serverId ?? '', directory: holder.directory };
  if (holder.directory !== null && (holder.status === 'paused' || holder.isOpen))
    return { slotOn: null, directory: holder.directory };
  return NOTHING;
}
