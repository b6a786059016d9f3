import * as contracts from '@oio/contracts';
import type { Contract, EventContract, LiveContract } from '@oio/contracts';
import { ForbiddenError, InvalidError } from '@oio/errors';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { connect, errors } from 'nats';
import { serviceEnvelope } from '../../src/envelope.ts';
import { createNatsBus, type NatsBus } from '../../src/nats/nats-bus.ts';
import { subjectFor } from '../../src/subject.ts';
import { anyId } from '../../src/testing/test-contracts.ts';
import { allEvents, allLive, allRequests, type Place, serviceMessages } from '../support/service-messages.ts';
import { startTestNats, type TestNats } from '../support/start-test-nats.ts';

/** What no service needs. */
const NOBODY_HEARS = [
  '>',
  '*',
  '_INBOX.>',
  '_INBOX.test.>',
  'session.create',
  'events.>',
  '$JS.>',
  '$SYS.>',
  'worker.>',
];
const NOBODY_SAYS = [
  '_INBOX.test.x',
  'events.other',
  'worker.w.other',
  '$JS.API.STREAM.DELETE.OIO_EVENTS',
  '$JS.API.STREAM.PURGE.OIO_EVENTS',
  '$JS.API.STREAM.MSG.DELETE.OIO_EVENTS',
  '$JS.API.STREAM.CREATE.OTHER',
  '$JS.API.CONSUMER.DELETE.OIO_EVENTS.x',
  '$JS.API.CONSUMER.CREATE.OIO_EVENTS',
  '$SYS.REQ.SERVER.PING',
];

let nats: TestNats;
/** Serves every request, at every address. */
let server: NatsBus;
/** Subjects of news that anybody could be heard to announce. */
const heard = new Set<string>();

test.before(async () => {
  nats = await startTestNats();
  const parking = { park: async ({ subject }: { readonly subject: string }) => void heard.add(subject) };
  server = await createNatsBus({ url: nats.url, name: 'test', parking });
  for (const { contract, at } of allRequests) {
    await server.serve(contract, async () => ({}), at === undefined ? {} : { at });
  }
  for (const contract of allLive)
    await server.subscribe([contract], { handler: () => void heard.add(contract.subject) });
});

test.after.always(async () => {
  await server?.[Symbol.asyncDispose]();
  await nats?.[Symbol.asyncDispose]();
});

test('every user of the configuration is one whose needs are known here', (t) => {
  t.deepEqual(nats.server.users.filter((user) => user !== 'test').toSorted(), Object.keys(serviceMessages).toSorted());
});

test('every message of the contracts is asked or said by somebody, and served or heard by somebody', (t) => {
  const all = [...Object.values(contracts), ...Object.values(contracts.sessionCommands), ...allEvents] as unknown[];
  const subjects = all.filter(isContract).map(({ subject }) => subject);
  const said = Object.values(serviceMessages).flatMap(({ asks, publishes, announces }) => [
    ...asks.map(({ contract }) => contract),
    ...publishes,
    ...announces,
  ]);
  const taken = Object.values(serviceMessages).flatMap(({ serves, follows, hears }) => [
    ...serves.map(({ contract }) => contract),
    ...follows,
    ...hears,
  ]);
  for (const known of [said, taken]) {
    t.deepEqual([...new Set(known.map(({ subject }) => subject))].toSorted(), [...new Set(subjects)].toSorted());
  }
});

for (const [user, messages] of Object.entries(serviceMessages)) {
  test.serial(`${user} may ask and serve what it needs, and nothing else`, async (t) => {
    await using bus = await createNatsBus({ url: nats.server.urlOf(user), name: user });
    const isIn = (places: readonly Place[], { contract, at }: Place): boolean =>
      places.some((place) => place.contract.subject === contract.subject && place.at === at);
    for (const place of allRequests) {
      const subject = subjectFor(place.contract, place.at);
      t.is(await mayAsk(bus, place), isIn(messages.asks, place), `ask ${subject}`);
      t.is(await mayServe(bus, place), isIn(messages.serves, place), `serve ${subject}`);
    }
  });

  test.serial(`${user} may publish, follow, announce and hear what it needs, and nothing else`, async (t) => {
    const refused = new Set<string>();
    const onBug = (_: unknown, subject: string): void => void refused.add(subject);
    await using bus = await createNatsBus({ url: nats.server.urlOf(user), name: user, onBug });
    for (const contract of allEvents) {
      t.is(await mayPublish(bus, contract), messages.publishes.includes(contract), `publish ${contract.subject}`);
    }
    t.is(await mayFollow(bus, allEvents), messages.follows.length > 0, 'follow all events');
    t.is(await mayFollow(bus, allEvents.slice(0, 1)), messages.follows.length > 0, 'follow one event');
    for (const contract of allLive) {
      const { subject } = contract;
      t.is(await mayFollow(bus, [contract]), messages.hears.includes(contract), `hear ${subject}`);
      heard.delete(subject);
      refused.delete(subject);
      bus.announce(contract, {});
      await eventually(() => heard.has(subject) || refused.has(subject), { what: `news of ${subject}` });
      t.is(heard.has(subject), messages.announces.includes(contract), `announce ${subject}`);
    }
  });

  test.serial(`${user} may neither listen to others nor touch the stream itself`, async (t) => {
    await using connection = await connectAs(user);
    for (const subject of NOBODY_HEARS) t.false(await connection.mayHear(subject), `hear ${subject}`);
    for (const subject of NOBODY_SAYS) t.false(await connection.maySay(subject), `say ${subject}`);
  });
}

function isContract(value: unknown): value is Contract {
  return typeof value === 'object' && value !== null && 'kind' in value && 'subject' in value;
}

async function mayAsk(bus: NatsBus, { contract, at }: Place): Promise<boolean> {
  const asked = bus.request(contract, {}, serviceEnvelope('test'), at === undefined ? {} : { to: at });
  return isAllowed(asked);
}

async function mayServe(bus: NatsBus, { contract, at }: Place): Promise<boolean> {
  const served = bus.serve(contract, async () => ({}), at === undefined ? {} : { at });
  return isAllowed(served.then((end) => end()));
}

async function mayPublish(bus: NatsBus, contract: EventContract): Promise<boolean> {
  return isAllowed(bus.publish(contract, {}, anyId()));
}

async function mayFollow(bus: NatsBus, topics: readonly (EventContract | LiveContract)[]): Promise<boolean> {
  return isAllowed(bus.subscribe(topics, { handler: () => {} }).then((end) => end()));
}

async function isAllowed(attempt: Promise<unknown>): Promise<boolean> {
  try {
    await attempt;
    return true;
  } catch (error) {
    // An answer that the payload is malformed is an answer.
    if (error instanceof InvalidError) return true;
    // An answer that the payload is malformed is an answer.
    if (error instanceof InvalidError) return true;
    if (error instanceof ForbiddenError && error.code === 'bus_forbidden') return false;
    throw error;
  }
}

interface RawConnection extends AsyncDisposable {
  mayHear(subject: string): Promise<boolean>;
  maySay(subject: string): Promise<boolean>;
}

/** A client that does as it likes. */
async function connectAs(user: string): Promise<RawConnection> {
  const { username, password, host } = new URL(nats.server.urlOf(user));
  const client = await connect({ servers: host, user: username, pass: password });
  const denied = new Set<string>();
  void (async () => {
    for await (const status of client.status()) {
      if (status.type !== 'error' || !(status.error instanceof errors.PermissionViolationError)) continue;
      denied.add(`${status.error.operation} ${status.error.subject}`);
    }
  })();
  const answered = async (): Promise<void> => {
    await client.flush();
    // The statuses come by an iterator, which is a few turns behind.
    await client.flush();
  };
  return {
    async mayHear(subject) {
      const subscription = client.subscribe(subject, { callback: () => {} });
      await answered();
      subscription.unsubscribe();
      return !denied.has(`subscription ${subject}`);
    },
    async maySay(subject) {
      client.publish(subject, '');
      await answered();
      return !denied.has(`publish ${subject}`);
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
