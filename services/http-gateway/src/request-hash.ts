import { createHash } from 'node:crypto';
import type { Order } from './route-types.ts';

/** What makes two requests the same request: route, parameters and body, whatever the order of keys. */
export function requestHash({ route, params, rawBody }: Pick<Order, 'route' | 'params' | 'rawBody'>): string {
  return createHash('sha256')
    .update(JSON.stringify([route, params ?? null, canonical(rawBody ?? null)]))
    .digest('hex');
}

/** Depth is bounded before a body gets here. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, child]) => [key, canonical(child)]));
}
