import type { Route, Violation } from '@oio/contracts';
import type { Context } from './gateway-context.ts';
import type { RequestHeaders } from './route-types.ts';

const VISIBLE = /^[\x21-\x7e]{1,200}$/;
const VERSION_TAG = /^"(\d{1,15})"$/;
const SEQUENCE = /^\d{1,15}$/;

/** The headers that mean something to a route; what is wrong with them is added to `violations`. */
export function parseHeaders(ctx: Context, route: Route, violations: Violation[]): RequestHeaders {
  const given = (name: string): string | undefined => ctx.get(name) || undefined;
  const refuse = (field: string, message: string): undefined => {
    violations.push({ field, code: 'invalid_header', message });
  };
  const idempotencyKey = route.idempotent ? given('Idempotency-Key') : undefined;
  const ifMatch = route.scope === 'write' ? given('If-Match') : undefined;
  const lastEventId = route.reply === 'text/event-stream' ? given('Last-Event-ID') : undefined;
  return {
    idempotencyKey:
      idempotencyKey === undefined || VISIBLE.test(idempotencyKey)
        ? idempotencyKey
        : refuse('Idempotency-Key', 'Idempotency-Key must be 1–200 visible ASCII characters.'),
    ifMatch:
      ifMatch === undefined || ifMatch === '*'
        ? undefined
        : (numberIn(VERSION_TAG, ifMatch) ?? refuse('If-Match', 'If-Match must be a version in quotes, such as "7".')),
    lastEventId:
      lastEventId === undefined
        ? undefined
        : (numberIn(SEQUENCE, lastEventId) ??
          refuse('Last-Event-ID', 'Last-Event-ID must be the id of an event of this stream.')),
  };
}

function numberIn(pattern: RegExp, text: string): number | undefined {
  const found = pattern.exec(text);
  return found ? Number(found[1] ?? found[0]) : undefined;
}
