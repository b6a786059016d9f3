import type { Journal } from './journal.ts';

/** One call as it came in. */
export interface Call {
  readonly number: number;
  /** Milliseconds since 1970 when the request had come in, by the wall clock. */
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly kind: CallKind;
  readonly directory: string;
  readonly openCodeSessionId: string | null;
  /** Our session: what stands under `oioSessionId` in the metadata of OpenCode's. */
  readonly sessionId: string | null;
  readonly messageId: string | null;
  /** Tells who called: one pool of connections belongs to one gateway. */
  readonly remotePort: number;
  readonly userAgent: string;
  /** The fault that it met. */
  readonly fault: string | null;
  /** `before`: in place of the call, which had no effect. `after`: the call had its effect, only its answer was lost or late. */
  readonly faultWhen: 'before' | 'after' | null;
}

/** `create`, `prompt`, `resume`, `abort` and `delete` change something; they are kept whole, also over restarts. */
export type CallKind = 'create' | 'prompt' | 'resume' | 'abort' | 'delete' | 'events' | 'health' | 'answer' | 'read';

const CHANGING: ReadonlySet<CallKind> = new Set(['create', 'prompt', 'resume', 'abort', 'delete']);
const OTHERS_KEPT = 10_000;

/** Every call that came, counted. */
export class CallLog {
  readonly #changing: Call[] = [];
  readonly #others: Call[] = [];
  readonly #counts = new Map<CallKind, number>();
  readonly #prompts = new Map<string, number>();
  readonly #resumes = new Map<string, number>();
  #journal: Journal | null = null;
  #number = 0;

  /** What is added before this was in the journal already. */
  keepIn(journal: Journal): void {
    this.#journal = journal;
  }

  record(call: Omit<Call, 'number'>): void {
    this.add({ ...call, number: this.#number + 1 });
  }

  add(call: Call): void {
    this.#number = Math.max(this.#number, call.number);
    increase(this.#counts, call.kind);
    if (call.kind === 'prompt') increase(this.#prompts, call.messageId ?? '');
    if (call.kind === 'resume') increase(this.#resumes, call.messageId ?? '');
    if (CHANGING.has(call.kind)) {
      this.#journal?.append('call', call);
      this.#changing.push(call);
      return;
    }
    this.#others.push(call);
    if (this.#others.length > 2 * OTHERS_KEPT) this.#others.splice(0, OTHERS_KEPT);
  }

  /** How often each message id was posted with a text, and how often without one. */
  get prompts(): Record<string, number> {
    return Object.fromEntries(this.#prompts);
  }

  get resumes(): Record<string, number> {
    return Object.fromEntries(this.#resumes);
  }

  get counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  /** In their order, from after a number on: all that change something, and of the others the latest. */
  calls(after: number, { reads }: { readonly reads: boolean }): Call[] {
    const all = reads ? [...this.#changing, ...this.#others].sort((a, b) => a.number - b.number) : this.#changing;
    return all.filter(({ number }) => number > after);
  }
}

function increase<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
