import type { ServerResponse } from 'node:http';

export const FAULT_KINDS = [
  /** Event streams stay open and nothing comes, heartbeats included. */
  'silent_events',
  /** Every event stream is cut, once now, and each new one again after its first frame. */
  'cut_events',
  'slow_byte',
  'empty_200',
  'endless_body',
  'html',
  'wrong_json',
  'broken_json',
  'storm_500',
  'rate_limited',
  'hang',
  'drop',
  /** `{}`, as of another directory. */
  'empty_object',
  /** `true`, and nothing is done. */
  'yes',
  'unauthorized',
  'bad_request',
  /** Answered as ever, but only when the time of the fault is over. */
  'stall',
  /** Whoever asks is let in. */
  'open_door',
] as const;

/** One way of misbehaving, until it is used up, its time is over, or the faults are cleared. */
export interface Fault {
  readonly kind: (typeof FAULT_KINDS)[number];
  /** A regular expression over `POST /session/…`; without it all calls but `/stand-in/…`. */
  readonly match?: string;
  /** The share of the matching calls that meet it. Default: 1. */
  readonly share?: number;
  /** How many calls meet it; without it any number. */
  readonly times?: number;
  readonly forMs?: number;
  /** `after`: the call has its effect, only its answer is lost. Default: `before`. */
  readonly when?: 'before' | 'after';
  readonly retryAfterSeconds?: number;
}

interface Active {
  readonly fault: Fault;
  readonly untilMs: number;
  left: number;
}

/** They are no answers to calls. */
const OF_THE_SERVER: ReadonlySet<Fault['kind']> = new Set(['silent_events', 'cut_events', 'open_door']);

/** The faults that are switched on. */
export class Faults {
  #active: Active[] = [];

  set(faults: readonly Fault[]): void {
    this.#active = faults.map((fault) => ({
      fault,
      untilMs: performance.now() + (fault.forMs ?? Number.POSITIVE_INFINITY),
      left: fault.times ?? Number.POSITIVE_INFINITY,
    }));
  }

  /** Whether the server suffers from it now. */
  has(kind: 'silent_events' | 'cut_events' | 'open_door' | 'stall'): boolean {
    return this.#present().some(({ fault }) => fault.kind === kind);
  }

  /** The fault that this call meets. */
  take(method: string, path: string): Fault | null {
    const met = this.#present().find(
      ({ fault }) =>
        !OF_THE_SERVER.has(fault.kind) &&
        new RegExp(fault.match ?? '').test(`${method} ${path}`) &&
        Math.random() < (fault.share ?? 1),
    );
    if (met) met.left -= 1;
    return met?.fault ?? null;
  }

  #present(): Active[] {
    this.#active = this.#active.filter(({ untilMs, left }) => untilMs > performance.now() && left > 0);
    return this.#active;
  }
}

const JSON_TYPE = { 'content-type': 'application/json' };
const BYTE_EVERY_MS = 10_000;
const ENDLESS_CHUNK = Buffer.alloc(65_536, ' ');

/** Answers in the way of the fault. */
export function misbehave(fault: Fault | null, response: ServerResponse): void {
  if (fault) MANNERS.get(fault.kind)?.(response, fault.retryAfterSeconds ?? 1);
}

const MANNERS: ReadonlyMap<Fault['kind'], (response: ServerResponse, retryAfterSeconds: number) => void> = new Map<
  Fault['kind'],
  (response: ServerResponse, retryAfterSeconds: number) => void
>([
  ['hang', () => undefined],
  ['drop', (response) => void response.destroy()],
  ['empty_200', (response) => void response.writeHead(200, JSON_TYPE).end()],
  ['html', (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>hello')],
  ['wrong_json', (response) => void response.writeHead(200, JSON_TYPE).end('{"surprise":true}')],
  ['broken_json', (response) => void response.writeHead(200, JSON_TYPE).end('{"surprise":')],
  ['empty_object', (response) => void response.writeHead(200, JSON_TYPE).end('{}')],
  ['yes', (response) => void response.writeHead(200, JSON_TYPE).end('true')],
  ['unauthorized', (response) => void response.writeHead(401).end()],
  ['bad_request', (response) => void response.writeHead(400, JSON_TYPE).end('{"_tag":"BadRequest"}')],
  [
    'storm_500',
    (response) =>
      void response
        .writeHead(500, JSON_TYPE)
        .end('{"name":"UnknownError","data":{"message":"Unexpected server error.","ref":"err_1"}}'),
  ],
  [
    'rate_limited',
    (response, seconds) =>
      void response.writeHead(429, { ...JSON_TYPE, 'retry-after': String(seconds) }).end('{"name":"RateLimited"}'),
  ],
  ['slow_byte', dribble],
  ['endless_body', flood],
]);

function dribble(response: ServerResponse): void {
  response.writeHead(200, JSON_TYPE);
  response.write('{');
  const timer = setInterval(() => response.write(' '), BYTE_EVERY_MS);
  response.once('close', () => clearInterval(timer));
}

function flood(response: ServerResponse): void {
  response.writeHead(200, JSON_TYPE);
  const pour = (): void => {
    while (!response.destroyed && response.write(ENDLESS_CHUNK));
  };
  response.on('drain', pour);
  pour();
}
