import test from 'ava';
import { type LimitRule, type LimitScope, limits } from '@oio/contracts';
import { LimitBook } from '../src/limit-book.ts';
import { type Occupancy, type Placement, place } from '../src/placement.ts';
import type { ClosedModel } from '../src/quota-book.ts';
import type { Server } from '../src/servers.ts';
import type { WaitingSession } from '../src/waiting-session.ts';
import { waiting } from './support/waiting.ts';

const server = (id: string, capacity: number, isHealthy = true): Server => ({
  id,
  capacity,
  isHealthy,
  isAccepting: true,
});
const draining = (id: string): Server => ({ ...server(id, 4), isAccepting: false });

interface Case {
  readonly session?: Partial<WaitingSession>;
  /** By resource: how many count for it. Servers by their id. */
  readonly used?: Readonly<Record<string, number>>;
  readonly occupants?: Readonly<Record<string, string>>;
  readonly servers?: readonly Server[];
  readonly rules?: readonly Partial<LimitRule>[];
  /** By resource: in how long the next may start. */
  readonly waits?: Readonly<Record<string, number>>;
  /** What has closed its model. */
  readonly closed?: ClosedModel;
  /** The server that has its directory open. */
  readonly warm?: string;
  readonly expected: Placement;
}

const macro = test.macro((t, wish: Case) => {
  const { session, used = {}, occupants = {}, servers = [server('one', 4), server('two', 8)], waits = {} } = wish;
  const occupancy: Occupancy = {
    used: (resource) => used[resource] ?? used[resource.replace('server:', '')] ?? 0,
    occupantOf: (directory, exceptId) => (occupants[directory] === exceptId ? null : (occupants[directory] ?? null)),
  };
  const rules = limits.parse({ limits: wish.rules ?? [] }).limits;
  const book = new LimitBook({ rules, globalConcurrent: 25 });
  const waitMs = (resource: string): number => waits[resource] ?? 0;
  const warmServer = (): string | null => wish.warm ?? null;
  const closedModel = (): ClosedModel | null => wish.closed ?? null;
  t.deepEqual(place(waiting(1, session), { occupancy, book, servers, waitMs, closedModel, warmServer }), wish.expected);
});

const limited = (scope: LimitScope, name: string, [used, limit]: [number, number]): Placement => ({
  kind: 'wait',
  blocker: { reason: 'limit', scope, name, limit, used, heldBy: [] },
  resource: scope === 'global' ? null : `${scope}:${name}`,
});

const noServer = (serverId: string | null, detail: 'none_healthy' | 'none_accepting' | 'all_full'): Placement => ({
  kind: 'wait',
  blocker: { reason: 'no_server', serverId, detail, waitMs: null },
  resource: serverId === null ? null : `server:${serverId}`,
});

test('it goes to the server of which the smallest share is used', macro, {
  used: { one: 1, two: 1 },
  expected: { kind: 'run', serverId: 'two' },
});
test('equally used servers are taken by their id', macro, { expected: { kind: 'run', serverId: 'one' } });
test('a server that has the directory open is preferred to an emptier one', macro, {
  used: { one: 1 },
  warm: 'one',
  expected: { kind: 'run', serverId: 'one' },
});
test('it is not if it is fuller by half', macro, {
  used: { one: 3 },
  warm: 'one',
  expected: { kind: 'run', serverId: 'two' },
});
test('it is not if it is full, whatever is in use elsewhere', macro, {
  used: { one: 4, two: 7 },
  warm: 'one',
  expected: { kind: 'run', serverId: 'two' },
});
test('it is not if it is not healthy', macro, {
  servers: [server('one', 4, false), server('two', 8)],
  used: { two: 7 },
  warm: 'one',
  expected: { kind: 'run', serverId: 'two' },
});
test('it is not while it is drained', macro, {
  servers: [draining('one'), server('two', 8)],
  used: { two: 7 },
  warm: 'one',
  expected: { kind: 'run', serverId: 'two' },
});
test('a full server is passed over', macro, { used: { two: 8, one: 3 }, expected: { kind: 'run', serverId: 'one' } });
test('an unhealthy server is passed over', macro, {
  servers: [server('one', 4, false), server('two', 8)],
  used: { two: 7 },
  expected: { kind: 'run', serverId: 'two' },
});
test('a server that is drained is passed over', macro, {
  servers: [draining('one'), server('two', 8)],
  used: { two: 7 },
  expected: { kind: 'run', serverId: 'two' },
});
test('a resumed session waits until its own server is no longer drained', macro, {
  session: { serverId: 'one' },
  servers: [draining('one'), server('two', 8)],
  expected: noServer('one', 'none_accepting'),
});
test('a server without capacity takes nothing', macro, {
  servers: [server('one', 0)],
  expected: noServer(null, 'all_full'),
});
test('where the servers have room and a limit keeps it from all of them, that limit is the reason', macro, {
  rules: [{ scope: 'server', concurrent: 2 }],
  used: { one: 2, two: 3 },
  expected: { ...limited('server', 'one', [2, 2]), resource: null } as Placement,
});
test('a resumed session waits for the limit of its own server', macro, {
  session: { serverId: 'two' },
  rules: [{ scope: 'server', name: 'two', concurrent: 0 }],
  expected: limited('server', 'two', [0, 0]),
});
test('where the rates of all servers are used up, the soonest is the reason', macro, {
  rules: [{ scope: 'server', startsPerMinute: 6 }],
  waits: { 'server:one': 9_000, 'server:two': 4_000 },
  expected: { kind: 'wait', blocker: { reason: 'rate', scope: 'server', name: 'two', waitMs: 4_000 }, resource: null },
});
test('where one is full and the other one limited, there is no server', macro, {
  rules: [{ scope: 'server', name: 'two', concurrent: 1 }],
  used: { one: 4, two: 1 },
  expected: noServer(null, 'all_full'),
});
test('without any server it waits', macro, { servers: [], expected: noServer(null, 'none_healthy') });
test('it waits while all servers are full', macro, { used: { one: 4, two: 8 }, expected: noServer(null, 'all_full') });
test('it waits while as many work as may', macro, { used: { global: 25 }, expected: limited('global', '', [25, 25]) });
test('an operator may set another limit for all', macro, {
  rules: [{ scope: 'global', concurrent: 3 }],
  used: { global: 3 },
  expected: limited('global', '', [3, 3]),
});
test('it waits while its tenant has what it may', macro, {
  rules: [{ scope: 'tenant', name: 'acme', concurrent: 2 }],
  used: { 'tenant:acme': 2 },
  expected: limited('tenant', 'acme', [2, 2]),
});
test('a rule without a name is for each that has none of its own', macro, {
  rules: [
    { scope: 'directory', concurrent: 1 },
    { scope: 'model', name: 'a/b', concurrent: 9 },
    { scope: 'model', concurrent: 0 },
  ],
  session: { model: 'a/b' },
  used: { 'directory:/project': 1, 'model:a/b': 2 },
  expected: limited('directory', '/project', [1, 1]),
});
test('it waits while its model is used as much as it may be', macro, {
  rules: [{ scope: 'model', concurrent: 0 }],
  session: { model: 'a/b' },
  expected: limited('model', 'a/b', [0, 0]),
});
test('without a rule one of a tenant works under a key of its own', macro, {
  session: { concurrencyKey: 'deploy' },
  used: { 'key:acme:deploy': 1 },
  expected: { ...limited('concurrencyKey', 'deploy', [1, 1]), resource: 'key:acme:deploy' } as Placement,
});
test('a limit of a server passes it over as if it were full', macro, {
  rules: [{ scope: 'server', name: 'two', concurrent: 1 }],
  used: { one: 3, two: 1 },
  expected: { kind: 'run', serverId: 'one' },
});
test('it waits until its tenant may start the next', macro, {
  rules: [{ scope: 'tenant', startsPerMinute: 60 }],
  waits: { 'tenant:acme': 700 },
  expected: {
    kind: 'wait',
    blocker: { reason: 'rate', scope: 'tenant', name: 'acme', waitMs: 700 },
    resource: 'tenant:acme',
  },
});
test('it waits while another works in its directory', macro, {
  session: { directory: '/shop' },
  occupants: { '/shop': 'other' },
  expected: {
    kind: 'wait',
    blocker: { reason: 'directory_busy', directory: '/shop', heldBy: 'other' },
    resource: 'in-place:/shop',
  },
});
test('its own hold on the directory does not keep it waiting', macro, {
  session: { directory: '/shop', serverId: 'two' },
  occupants: { '/shop': waiting(1).id },
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

const BUCKET: ClosedModel['bucket'] = {
  name: 'router/meta/llama',
  resetAtMs: Date.parse('2026-01-01T01:00:00.000Z'),
  isOpen: false,
  closedBy: 'provider',
  said: 'Too many requests.',
  shortened: false,
  byDefault: false,
  changedAtMs: 0,
};
test('a closed model keeps its sessions waiting and nobody else, also while there is no room for anybody', macro, {
  session: { model: 'router/meta/llama' },
  used: { global: 25 },
  closed: { bucket: BUCKET, waitMs: 3_600_000, isReopening: false },
  expected: {
    kind: 'wait',
    blocker: {
      reason: 'quota',
      provider: 'router',
      model: 'meta/llama',
      resetAt: '2026-01-01T01:00:00.000Z',
      closedBy: 'provider',
      said: 'Too many requests.',
      shortened: false,
      isReopening: false,
      waitMs: 3_600_000,
    },
    resource: 'quota:router/meta/llama',
  },
});
