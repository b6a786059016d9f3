import { pause } from '../pause.ts';
import type { Speaker } from '../witness/bus-probe.ts';
import type { World } from '../world.ts';
import type { Fault } from './fault.ts';

interface Address {
  readonly subject: string;
  /** A user that may say something there. */
  readonly as: Speaker;
  /** Whether an answer is expected. */
  readonly asks: boolean;
  /** What is in the form of this version, with a content that is not. */
  readonly malformed: string;
  /** Every service that takes it in, one of whose processes at least must put it away. */
  readonly consumers: readonly string[];
}

const EVENT = { as: 'session-actor', asks: false, malformed: '{"v":1,"id":"x:1","payload":{}}' } as const;
const REQUEST = { as: 'session-actor', asks: true, malformed: '{"v":1,"envelope":{},"payload":{}}' } as const;
const NEWS = { asks: false, malformed: '{"v":1,"payload":{}}' } as const;
const LISTENERS = ['session-actor', 'scheduler', 'http-gateway'];

const ADDRESSES: readonly Address[] = [
  { ...EVENT, subject: 'events.session.completed', consumers: ['metrics'] },
  { ...REQUEST, subject: 'session.create', consumers: ['session-actor'] },
  { ...REQUEST, subject: 'session.start', consumers: ['session-actor'] },
  { ...NEWS, subject: 'server.announced', as: 'opencode-gateway', consumers: [...LISTENERS, 'opencode-gateway'] },
  { ...NEWS, subject: 'history.grown', as: 'session-actor', consumers: LISTENERS },
];

/** More than the 512 KiB that a message may have, and less than the MB that NATS takes. */
const OVERSIZED = `{"v":1,"id":"x:1","payload":"${'x'.repeat(600_000)}"}`;

interface Foreign extends Address {
  readonly body: string;
  readonly reason: string;
}

const MESSAGES: readonly Foreign[] = ADDRESSES.flatMap((address) =>
  [
    { body: '{', reason: 'foreign' },
    { body: '', reason: 'foreign' },
    { body: '[]', reason: 'foreign' },
    { body: '{"v":1,"surprise":true}', reason: 'foreign' },
    { body: '{"v":99,"id":"x:1","payload":{}}', reason: 'future_version' },
    { body: address.malformed, reason: 'malformed' },
    { body: OVERSIZED, reason: 'oversized' },
  ].map((message) => ({ ...address, ...message })),
);

/** Who listens may be away because of another fault, and of news and requests nothing is kept for it: they are said again. */
const AGAIN_MS = 5_000;
const PARKED_WITHIN_MS = 40_000;
const LOOK_MS = 250;
/** By so much of its body a message is known again. */
const KNOWN_BY = 40;

/** A message of another version, or of nobody, is parked; what it comes to lives on. */
export const foreignMessages: Fault = {
  name: 'foreign-messages',
  says: 'malformed, oversized, foreign and future messages on the subjects of the product',
  touches: ['nats'],
  async run(world) {
    const startedAt = performance.now();
    const { times, missing } = await untilParked(world);
    const dead = world.services.filter(({ program }) => program.hasDied);
    const breaches = [
      ...missing.map((what) => `not kept as a dead letter: ${what}`),
      ...dead.map(({ name }) => `${name} died of a message`),
    ];
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const parked = MESSAGES.flatMap(keysOf).length - missing.length;
    return { times, note: `${parked} kinds of dead letters within ${seconds} s`, breaches };
  },
};

/** Sends them all, and again what was not parked, until everything is or its time is over. */
async function untilParked(world: World): Promise<{ readonly times: number; readonly missing: readonly string[] }> {
  const [{ now } = { now: '' }] = await world.witness.query<{ now: string }>('select now()::text as now');
  const giveUpAt = performance.now() + PARKED_WITHIN_MS;
  let [times, sendAt] = [0, 0];
  for (let missing = MESSAGES; ; ) {
    if (performance.now() >= sendAt) {
      for (const { subject, body, as, asks } of missing) world.bus.send(subject, body, { as, asks });
      times += missing.length;
      sendAt = performance.now() + AGAIN_MS;
    }
    await pause(LOOK_MS);
    const parked = await lettersSince(world, now);
    missing = MESSAGES.filter((message) => keysOf(message).some((key) => !parked.has(key)));
    if (missing.length > 0 && performance.now() < giveUpAt) continue;
    return { times, missing: missing.flatMap(keysOf).filter((key) => !parked.has(key)) };
  }
}

async function lettersSince({ witness }: World, since: string): Promise<ReadonlySet<string>> {
  const letters = await witness.query<{ key: string }>(LETTERS, [since, KNOWN_BY]);
  return new Set(letters.map(({ key }) => key));
}

function keysOf({ subject, consumers, reason, body }: Foreign): string[] {
  return consumers.map((consumer) => `${subject} for ${consumer} as ${reason}: ${body.slice(0, KNOWN_BY)}`);
}

/** Behind its name a consumer may have that of its group. */
const LETTERS = `select distinct format('%s for %s as %s: %s', subject, split_part(consumer, '/', 1), reason, left(payload, $2)) as key
from dead_letters where received_at >= $1::timestamptz - interval '10 ms'`;
