import { randomUUID } from 'node:crypto';
import { eventContract, liveContract, requestContract } from '@oio/contracts';
import { z } from 'zod';
import type { PublishOptions } from '../bus.ts';

const numbered = z.strictObject({ number: z.int(), note: z.string().max(100).default('none') });

/** A number and a note, as every message of the suites has them. */
export type Numbered = z.output<typeof numbered>;

/** Contracts of nobody else, so that suites on one server do not meet. */
export function testContracts() {
  const name = `contract-${randomUUID()}`;
  const summary = 'Made for one test.';
  return {
    ask: requestContract({ subject: `${name}.ask`, summary, payload: numbered, reply: z.object({ by: z.string() }) }),
    told: eventContract({ subject: `events.${name}.told`, summary, payload: numbered }),
    toldToo: eventContract({ subject: `events.${name}.told-too`, summary, payload: numbered }),
    news: liveContract({ subject: `live.${name}`, summary, payload: numbered }),
  };
}

export function numberedPayload(number: number): Numbered {
  return { number, note: 'none' };
}

/** For an event of its own. */
export function anyId(): PublishOptions {
  return { id: `${randomUUID()}:1` };
}
