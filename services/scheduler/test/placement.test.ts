import test from 'ava';
import { type Limits, type Occupancy, type Placement, place } from '../src/placement.ts';
import type { Server } from '../src/servers.ts';
import type { WaitingSession } from '../src/waiting-queue.ts';

const server = (id: string, capacity: number, isHealthy = true): Server => ({
  id,
  capacity,
  isHealthy,
  isAccepting: true,
});
const draining = (id: string): Server => ({ ...server(id, 4), isAccepting: false });

interface Case {
  readonly session?: Partial<WaitingSession>;
  readonly used?: Readonly<Record<string, number>>;
  readonly occupants?: Readonly<Record<string, string>>;
  readonly limits?: Partial<Limits>;
  readonly expected: Placement;
}

const macro = test.macro((t, { session, used = {}, occupants = {}, limits, expected }: Case) => {
  const occupancy: Occupancy = {
    used: Object.values(used).reduce((sum, number) => sum + number, 0),
    usedOn: (id) => used[id] ?? 0,
    occupantOf: (directory, exceptId) => (occupants[directory] === exceptId ? null : (occupants[directory] ?? null)),
  };
  const waiting = {
    id: 'me',
    tenant: 'acme',
    priority: 2,
    waitingSinceMs: 0,
    version: 1,
    serverId: null,
    directory: null,
    ...session,
  };
  t.deepEqual(
    place(waiting, occupancy, { limit: 25, servers: [server('one', 4), server('two', 8)], ...limits }),
    expected,
  );
});

const noServer = (serverId: string | null, detail: 'none_healthy' | 'none_accepting' | 'all_full'): Placement => ({
  kind: 'wait',
  blocker: { reason: 'no_server', serverId, detail },
  resource: serverId === null ? null : `server:${serverId}`,
});

test('it goes to the server of which the smallest share is used', macro, {
  used: { one: 1, two: 1 },
  expected: { kind: 'run', serverId: 'two' },
});
test('equally used servers are taken by their id', macro, { expected: { kind: 'run', serverId: 'one' } });
test('a full server is passed over', macro, { used: { two: 8, one: 3 }, expected: { kind: 'run', serverId: 'one' } });
test('an unhealthy server is passed over', macro, {
  limits: { servers: [server('one', 4, false), server('two', 8)] },
  used: { two: 7 },
  expected: { kind: 'run', serverId: 'two' },
});
test('a server that is drained is passed over', macro, {
  limits: { servers: [draining('one'), server('two', 8)] },
  used: { two: 7 },
  expected: { kind: 'run', serverId: 'two' },
});
test('a resumed session waits until its own server is no longer drained', macro, {
  session: { serverId: 'one' },
  limits: { servers: [draining('one'), server('two', 8)] },
  expected: noServer('one', 'none_accepting'),
});
test('a server without capacity takes nothing', macro, {
  limits: { servers: [server('one', 0)] },
  expected: noServer(null, 'all_full'),
});
test('without any server it waits', macro, { limits: { servers: [] }, expected: noServer(null, 'none_healthy') });
test('it waits while all servers are full', macro, { used: { one: 4, two: 8 }, expected: noServer(null, 'all_full') });
test('it waits while the limit is reached', macro, {
  limits: { limit: 3 },
  used: { one: 3 },
  expected: { kind: 'wait', blocker: { reason: 'no_slot', limit: 3, used: 3 }, resource: null },
});
test('it waits while another works in its directory', macro, {
  session: { directory: '/shop' },
  occupants: { '/shop': 'other' },
  expected: {
    kind: 'wait',
    blocker: { reason: 'directory_busy', directory: '/shop', heldBy: 'other' },
    resource: 'directory:/shop',
  },
});
test('its own hold on the directory does not keep it waiting', macro, {
  session: { directory: '/shop', serverId: 'two' },
  occupants: { '/shop': 'me' },
  expected: { kind: 'run', serverId: 'two' },
});
test('a resumed session goes to its own server, however full the others are', macro, {
  session: { serverId: 'two' },
  used: { two: 7 },
  expected: { kind: 'run', serverId: 'two' },
});
test('a resumed session waits for room on its own server', macro, {
  session: { serverId: 'one' },
  used: { one: 4 },
  expected: noServer('one', 'all_full'),
});
test('a resumed session waits for its own server to come back', macro, {
  session: { serverId: 'gone' },
  expected: noServer('gone', 'none_healthy'),
});
