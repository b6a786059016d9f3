import { createInProcessBus } from '@oio/messaging';
import { UnavailableError } from '@oio/errors';
import { createLogger, newId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { Fleet } from '../../src/fleet.ts';
import { startKeeper } from '../../src/managed-server/keep-server.ts';
import type { ManagedServer } from '../../src/managed-server/managed-server.ts';
import { createDrainTurns } from '../../src/managed-server/drain-turns.ts';
import { ServerKeptError } from '../../src/managed-server/server-kept-error.ts';
import type { ServerEntry, ServerTable } from '../../src/server-table.ts';
import { createNullAgentServer } from '../../src/testing/null-agent-server.ts';

import { fakeManagedServer } from '../support/fake-managed-server.ts';

const limits = { ageSeconds: 0, memoryMb: 0, directories: 0, databaseMb: 0, drainSeconds: 0 };

test('the server is handed over to a gateway that stands by, and goes on; without one it is ended', async (t) => {
  await using machine = openMachine();
  const first = await machine.startGateway();
  t.is(machine.keeper, first.gateway);
  const second = await machine.startGateway();
  t.is(machine.keeper, first.gateway);
  await first.keeper[Symbol.asyncDispose]();
  t.is(machine.keeper, second.gateway);
  t.true(machine.runs);
  t.like(machine.table.get('managed-1'), { keeper: second.gateway });
  t.true(second.fleet.linkedTo('managed-1')?.link.up);

  await second.keeper[Symbol.asyncDispose]();
  t.false(machine.runs);
  t.is(machine.table.size, 0);
});

test('when the keeper dies another gateway takes its place', async (t) => {
  await using machine = openMachine();
  await machine.startGateway();
  const second = await machine.startGateway();
  machine.keeper = null;
  await eventually(() => machine.keeper === second.gateway, { what: 'the second gateway keeps the server' });
  await eventually(() => machine.table.get('managed-1')?.keeper === second.gateway, { what: 'the table says so' });
  t.true(machine.runs);
});

test('a server that could not be entered in the table is entered by and by, and observed from then on', async (t) => {
  await using machine = openMachine();
  machine.failures = 2;
  const { gateway } = await machine.startGateway();
  await eventually(() => machine.table.get('managed-1')?.keeper === gateway, { what: 'the table holds it' });
  t.is(machine.failures, 0);
  await eventually(() => machine.observed.length > 0, { what: 'it is observed' });
  t.false(machine.observed.includes('unknown'), 'nobody was asked about a server that was not entered');
});

/** One machine with one server on it, and what the gateways there know of each other. */
function openMachine() {
  const stack = new AsyncDisposableStack();
  const bus = stack.use(createInProcessBus());
  const logger = createLogger('opencode-gateway', { level: 'silent' });
  const table = new Map<string, ServerEntry & { keeper: string }>();
  const machine = {
    table,
    keeper: null as string | null,
    runs: false,
    /** How often the table fails when a server is entered. */
    failures: 0,
    /** Whether the table held the server at each observation. */
    observed: [] as ('known' | 'unknown')[],
    async startGateway() {
      const gateway = newId();
      const serve = async () => async () => {};
      const fleet = stack.use(new Fleet({ connect: () => createNullAgentServer(), serve, logger }));
      const parts = {
        bus,
        fleet,
        table: tableOf(machine),
        lookMs: 50,
        gateway,
        capacity: 1,
        limits,
        turns: createDrainTurns(),
        logger,
      };
      const keeper = stack.use(await startKeeper({ ...parts, start: async () => start(gateway) }));
      return { gateway, fleet, keeper };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
  const start = (gateway: string): ManagedServer => {
    if (machine.keeper !== null && machine.keeper !== gateway) throw new ServerKeptError('managed-1', 1, '/');
    const adopted = machine.runs;
    machine.keeper = gateway;
    machine.runs = true;
    return fakeServer(machine, adopted);
  };
  return machine;
}

function fakeServer(machine: { keeper: string | null; runs: boolean }, adopted: boolean): ManagedServer {
  const exited = Promise.withResolvers<string>();
  return fakeManagedServer({
    adopted,
    exited: exited.promise,
    async stop() {
      machine.runs = false;
      machine.keeper = null;
      exited.resolve('stopped');
    },
    async release() {
      machine.keeper = null;
    },
  });
}

interface Stored {
  readonly table: Map<string, ServerEntry & { keeper: string }>;
  failures: number;
  readonly observed: ('known' | 'unknown')[];
}

function tableOf(stored: Stored): ServerTable {
  const { table, observed } = stored;
  return {
    all: async () => Array.from(table.values(), (server) => ({ ...server, draining: null })),
    enter: async () => {},
    keep: async (server, keeper) => {
      if (stored.failures > 0) {
        stored.failures -= 1;
        throw new UnavailableError('The database is away.');
      }
      table.set(server.id, { ...server, keeper });
    },
    renew: async () => {},
    suspend: async () => {},
    reinstate: async () => {},
    observe: async (serverId) => {
      observed.push(table.has(serverId) ? 'known' : 'unknown');
      return null;
    },
    observeOthers: async () => {},
    forget: async () => {},
    unregister: async () => false,
    remove: async (serverId, keeper) => {
      if (table.get(serverId)?.keeper === keeper) table.delete(serverId);
    },
  };
}
