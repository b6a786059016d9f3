import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { playOf } from '../stand-in/named-faults.ts';
import { type StandIn, startStandIn } from '../stand-in/start-stand-in.ts';
import { asSettings, type Clocks } from './clocks.ts';
import { openOrchestrator } from './open-orchestrator.ts';
import type { FaultyServer, Place, Scene } from './scene.ts';

export interface StandInSceneOptions extends Place {
  readonly clocks: Clocks;
  /** What the server suffers from at once, or from the first turn on. */
  readonly fault?: string;
}

/** An orchestrator of its own on a stand-in of its own. */
export async function openStandInScene({ root: place, postgres, clocks, fault }: StandInSceneOptions): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const root = await mkdtemp(join(place, 'oio-faults-'));
  stack.defer(() => rm(root, { recursive: true, force: true, maxRetries: 5 }));
  await chmod(root, 0o711);
  const server = stack.use(await openServer(join(root, 'stand-in')));
  const play = fault === undefined ? null : playOf(fault);
  if (fault && play?.faults && !play.once) server.strike(fault);
  const known = { id: 'stand-in', url: server.url, password: server.password, capacity: 64 };
  const settings = {
    ...asSettings(clocks),
    OPENCODE_SERVERS_MANAGED: '0',
    OPENCODE_SERVERS: JSON.stringify([known]),
    ENCRYPTION_KEY: 'a key of at least thirty-two characters',
  };
  const orchestrator = stack.use(await openOrchestrator({ root, settings, postgres }));
  const running = stack.move();
  return {
    on: 'stand-in',
    client: orchestrator.client,
    clocks,
    newDirectory: () => orchestrator.newDirectory(),
    server,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The stand-in in this process. To dispose of it is like a kill: it comes back from its file, on its port. */
async function openServer(stateFile: string) {
  let standIn: StandIn = await startStandIn({ stateFile });
  let isThere = true;
  const end = async (): Promise<void> => {
    if (isThere) await standIn[Symbol.asyncDispose]();
    isThere = false;
  };
  const { url, password } = standIn;
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`;
  const reachedAtMs: FaultyServer['reachedAtMs'] = ({ sessionId }) => {
    const calls = standIn.calls.calls(0, { reads: false });
    return calls.find((call) => call.kind === 'prompt' && call.sessionId === sessionId)?.atMs ?? null;
  };
  const server: FaultyServer = {
    reachedAtMs,
    isInMidTurn: (trial) => reachedAtMs(trial) !== null,
    strike: (fault) => standIn.setFaults(...(playOf(fault)?.faults ?? [])),
    kill: end,
    async start() {
      standIn = await startStandIn({ stateFile, password, port: Number(new URL(url).port) });
      isThere = true;
    },
    async freeze() {
      // By its faults.
    },
    async say(method, path) {
      await fetch(`${url}${path}`, { method, headers: { authorization } });
    },
    async complaints({ fault, sessionId }) {
      const calls = standIn.calls.calls(0, { reads: false });
      const sent = calls.filter((call) => call.kind === 'prompt' && call.sessionId === sessionId).length;
      const opened = calls.filter((call) => call.kind === 'create' && call.sessionId === sessionId).length;
      return [
        ...(sent > (MAY_REPEAT.has(fault) ? 2 : 1) ? [`the prompt was sent ${sent} times`] : []),
        ...(opened > 1 ? [`${opened} conversations were opened`] : []),
      ];
    },
  };
  return { ...server, url, password, [Symbol.asyncDispose]: end };
}

/** The first prompt of these never arrived. */
const MAY_REPEAT: ReadonlySet<string> = new Set(['prompt-lost', 'prompt-dropped']);
