import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Call, CallLog } from './call-log.ts';
import { setFaults } from './control.ts';
import { EventHub } from './event-hub.ts';
import { type Fault, Faults } from './faults.ts';
import { handleRequest, type StandInWorld } from './handle-request.ts';
import { openJournal } from './journal.ts';
import { RequestsForPeople } from './requests-for-people.ts';
import { Store } from './store.ts';
import { Turns } from './turns.ts';
import type { Message, ModelRef, Session } from './wire.ts';

export interface StandInOptions {
  /** Default: any free one. */
  readonly port?: number;
  /** Default: a random one. */
  readonly password?: string;
  /** Where sessions, messages and calls are kept, so that another start goes on from there; turns that ran are interrupted. */
  readonly stateFile?: string;
  /** The directive, without its brackets, of prompts that have none. */
  readonly always?: string;
}

/** A running stand-in. Disposing of it is like a kill: nothing is finished. */
export interface StandIn extends AsyncDisposable {
  readonly url: string;
  readonly password: string;
  readonly calls: CallLog;
  readonly turns: Pick<Turns, 'running' | 'mostAtOnce'>;
  /** In place of those that were on; none ends them all. */
  setFaults(...faults: readonly Fault[]): void;
}

const AGENTS = ['industrial-coder', 'industrial-architect', 'meticulous-reviewer', 'precision-coder', 'build', 'plan'];
const MODEL: ModelRef = { providerID: 'stand-in', modelID: 'm' };

/** Starts what speaks like an OpenCode server, does what prompts tell it by directive, and counts. */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const { port = 0, password = randomBytes(16).toString('hex'), stateFile = null } = options;
  const { world, close } = createWorld(password, stateFile, options.always ?? '');
  const server = createServer((request, response) => {
    handleRequest(world, request, response).catch((error: unknown) => {
      // A client that leaves in the middle of its request; whatever else it is shows as a connection that breaks off.
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    password,
    calls: world.calls,
    turns: world.turns,
    setFaults: (...faults) => setFaults(world, faults),
    async [Symbol.asyncDispose]() {
      close();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function createWorld(
  password: string,
  stateFile: string | null,
  always: string,
): { world: StandInWorld; close: () => void } {
  const store = new Store();
  const calls = new CallLog();
  const journal = openJournal(stateFile, (kind, value) => {
    if (kind === 'session') store.putSession(value as Session);
    if (kind === 'message') store.putMessage(value as Message);
    if (kind === 'deleted') store.deleteSession(value as string);
    if (kind === 'call') calls.add(value as Call);
  });
  store.keepIn(journal);
  calls.keepIn(journal);
  const faults = new Faults();
  const hub = new EventHub(faults);
  const people = new RequestsForPeople();
  const offered = { agents: AGENTS, model: MODEL };
  const turns = new Turns({ store, hub, people, always, ...offered });
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`;
  return {
    world: { store, calls, faults, hub, people, turns, authorization, ...offered },
    close() {
      journal[Symbol.dispose]();
      turns.stop();
      hub[Symbol.dispose]();
    },
  };
}
