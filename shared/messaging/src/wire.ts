import type { Envelope } from './bus.ts';

const VERSION = 1;

/** An event as its bytes are on the wire. */
export function encodeEvent(id: string, payload: unknown): string {
  return JSON.stringify({ v: VERSION, id, payload });
}

/** A request as its bytes are on the wire. */
export function encodeRequest(envelope: Envelope, payload: unknown): string {
  return JSON.stringify({ v: VERSION, envelope, payload });
}
