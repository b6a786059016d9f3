/** What becomes of the messages on one subject of NATS. */
export interface Reordering {
  readonly subject: string;
  /** How many messages are collected before they are passed on. */
  readonly window: number;
  /** What is passed on in their place. */
  readonly mixed: (messages: readonly Buffer[]) => readonly Buffer[];
}

/** Passed on by then, also when the window is not full. */
const HELD_MS = 500;
const LINE_END = '\r\n';

/**
 * Takes what a NATS server says on one connection apart into messages, and passes them on, those of one subject in another
 * order. A connection is in step from the first chunk on that begins with such a message; before that it is not understood.
 * Source of the protocol: https://docs.nats.io/reference/reference-protocols/nats-protocol
 */
export class ReorderedNews {
  readonly #pass: (bytes: Buffer) => void;
  #isInStep = false;
  #rest = Buffer.alloc(0);
  #waiting: Buffer[] = [];
  #timer: NodeJS.Timeout | null = null;
  #reordering: Reordering | null = null;

  constructor(pass: (bytes: Buffer) => void) {
    this.#pass = pass;
  }

  /** Without a reordering everything is passed on at once, behind what still waits. */
  take(chunk: Buffer, reordering: Reordering | null): void {
    if (reordering) this.#reordering = reordering;
    else this.#flush();
    this.#isInStep ||= reordering !== null && subjectOf(chunk) === reordering.subject;
    if (!this.#isInStep) return this.#pass(chunk);
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let message = this.#next(); message; message = this.#next()) {
      if (reordering && subjectOf(message) === reordering.subject) this.#keep(message, reordering);
      else this.#pass(message);
    }
  }

  #keep(message: Buffer, { window }: Reordering): void {
    this.#waiting.push(message);
    if (this.#waiting.length >= window) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), HELD_MS);
  }

  #flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const messages = this.#waiting;
    this.#waiting = [];
    if (messages.length > 0) for (const message of this.#reordering?.mixed(messages) ?? messages) this.#pass(message);
  }

  /** The next message that has come as a whole. */
  #next(): Buffer | null {
    const end = this.#rest.indexOf(LINE_END);
    if (end < 0) return null;
    const words = this.#rest.toString('latin1', 0, end).split(' ');
    const payload = isMessage(words) ? Number(words.at(-1)) + LINE_END.length : 0;
    const length = end + LINE_END.length + payload;
    if (this.#rest.length < length) return null;
    const message = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return message;
  }
}

/** Null of what is no message. */
function subjectOf(bytes: Buffer): string | null {
  const words = bytes.toString('latin1', 0, LONGEST_HEAD).split(' ');
  return isMessage(words) ? (words[1] ?? null) : null;
}

function isMessage([verb]: readonly string[]): boolean {
  return verb === 'MSG' || verb === 'HMSG';
}

/** In which the subject of news stands, and more. */
const LONGEST_HEAD = 100;
