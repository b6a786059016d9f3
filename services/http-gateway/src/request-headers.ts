import { LONGEST_WAIT_SECONDS, type Route, type Violation } from '@oio/contracts';
import type { Context } from './gateway-context.ts';
import type { RequestHeaders } from './route-types.ts';

const VISIBLE = /^[\x21-\x7e]{1,200}$/;
const VERSION_TAG = /^"(\d{1,15})"$|^\*$/;
const SEQUENCE = /^(\d{1,15})$/;

/** The headers that mean something to a route; what is wrong with them is added to `violations`. */
export function parseHeaders(ctx: Context, route: Route, violations: Violation[]): RequestHeaders {
  const found = (name: string, applies: boolean | undefined, pattern: RegExp, rule: string): RegExpExecArray | null => {
    const value = ctx.get(name);
    if (!applies || value === '') return null;
    const match = pattern.exec(value);
    if (!match) violations.push({ field: name, code: 'invalid_header', message: `${name} must be ${rule}.` });
    return match;
  };
  const isStream = route.reply === 'text/event-stream';
  return {
    idempotencyKey: found('Idempotency-Key', route.idempotent, VISIBLE, '1–200 visible ASCII characters')?.[0],
    ifMatch: numberOf(found('If-Match', route.scope === 'write', VERSION_TAG, 'a version in quotes, such as "7"')),
    waitSeconds: route.waits ? waitIn(ctx.get('Prefer')) : undefined,
    lastEventId: numberOf(found('Last-Event-ID', isStream, SEQUENCE, 'the id of an event of this stream')),
  };
}

function numberOf(match: RegExpExecArray | null): number | undefined {
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

const WAIT = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=[,;]|$)/i;

/** What a preference asks for that is not understood is not done, and that is all. Source: RFC 7240, sections 2 and 4.3. */
function waitIn(prefer: string): number | undefined {
  const seconds = WAIT.exec(prefer)?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), LONGEST_WAIT_SECONDS);
}
