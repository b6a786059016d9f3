import { z } from 'zod';

/** How many rows a page has. */
export const limit = z.coerce
  .number({ error: 'limit must be a whole number from 1 to 200.' })
  .int('limit must be a whole number from 1 to 200.')
  .min(1, 'limit must be at least 1.')
  .max(200, 'limit must be at most 200.')
  .default(50);

/** Where a page goes on. */
export const cursor = z.string().max(200).optional().describe('`nextCursor` of the page before.');
