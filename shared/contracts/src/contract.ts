import type { z } from 'zod';

/** A question or order with exactly one answer. Served by one of a queue group, or by the one that is addressed. */
export interface RequestContract<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  readonly kind: 'request';
  readonly subject: string;
  readonly summary: string;
  readonly payload: P;
  readonly reply: R;
}

/** A fact, past tense, for any number of listeners. Delivered at least once, in order per session. */
export interface EventContract<P extends z.ZodType = z.ZodType> {
  readonly kind: 'event';
  readonly subject: string;
  readonly summary: string;
  readonly payload: P;
}

/** News that is worth nothing a second later (token output, heartbeats): delivered at most once, never stored. */
export interface LiveContract<P extends z.ZodType = z.ZodType> {
  readonly kind: 'live';
  readonly subject: string;
  readonly summary: string;
  readonly payload: P;
}

/** All that can go over the bus. */
export type Contract = RequestContract | EventContract | LiveContract;
export type PayloadOf<C extends { payload: z.ZodType }> = z.output<C['payload']>;
export type PayloadInputOf<C extends { payload: z.ZodType }> = z.input<C['payload']>;
export type ReplyOf<C extends { reply: z.ZodType }> = z.output<C['reply']>;

/** A request, to be exported from this package with a subject that nothing else has. */
export function requestContract<P extends z.ZodType, R extends z.ZodType>(
  definition: Omit<RequestContract<P, R>, 'kind'>,
): RequestContract<P, R> {
  return { kind: 'request', ...definition };
}

/** An event; the same holds for its subject. */
export function eventContract<P extends z.ZodType>(definition: Omit<EventContract<P>, 'kind'>): EventContract<P> {
  return { kind: 'event', ...definition };
}

/** Live news; the same holds for its subject. */
export function liveContract<P extends z.ZodType>(definition: Omit<LiveContract<P>, 'kind'>): LiveContract<P> {
  return { kind: 'live', ...definition };
}
