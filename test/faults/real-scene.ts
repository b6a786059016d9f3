import { chmod, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { whenThisProcessEnds } from '@oio/backing-servers';
import {
  bash,
  faultMark,
  modelFaultScripts,
  openCodeProvider,
  type Script,
  startScriptedModel,
} from '@oio/scripted-model';
import { pause } from '../stand-in/pause.ts';
import { asSettings, REAL_CLOCKS } from './clocks.ts';
import { LIVING_SCRIPTS } from './living.ts';
import { openOrchestrator } from './open-orchestrator.ts';
import type { FaultyServer, Place, Scene } from './scene.ts';

/** Leaves a line each time that it is run. */
const COUNTED = { toolCalls: [bash('echo ran >> ran.txt')] };
const A_WHILE = { fault: { kind: 'drip', everyMs: 500, pieces: 8 } } as const;
const FOR_EVER = { fault: { kind: 'drip', everyMs: 500, pieces: Number.POSITIVE_INFINITY } } as const;
const DONE = { text: 'done' };

/** The turns in which something is done to the server. Each begins with a tool that must run once. */
const SCRIPTS: readonly Script[] = [
  during('conversation-deleted', FOR_EVER),
  during('turn-aborted-elsewhere', FOR_EVER),
  during('server-killed', A_WHILE),
  during('server-stalls', A_WHILE),
  during('server-wedged', A_WHILE),
  during('tool-outlives-server', { toolCalls: [bash('sleep 5')] }),
  during('no-snapshots', DONE),
];

function during(name: string, next: Script['steps'][number]): Script {
  const matches: Script['matches'] = ({ prompts }) => prompts.some((said) => said.includes(faultMark(name)));
  return { name, matches, steps: [COUNTED, next, DONE] };
}

const ANYTHING: Script = { name: 'anything', matches: () => true, steps: [DONE] };

/** What the server in this place is and has started, by the mark in its environment. */
const END_SERVER = `for file in /proc/[0-9]*/environ; do
  if tr '\\0' '\\n' < "$file" | grep -q "^OIO_MANAGED_SERVER=$1/"; then
    pid=\${file#/proc/}; kill -KILL "\${pid%/environ}"
  fi
done`;

/** An orchestrator on a managed server: the real binary, whose model is the scripted one. */
export async function openRealScene({ root: place, postgres }: Place): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const root = await mkdtemp(join(place, 'oio-faults-'));
  stack.defer(() => rm(root, { recursive: true, force: true, maxRetries: 5 }));
  await chmod(root, 0o711);
  // A managed server outlives its parent by design.
  stack.defer(whenThisProcessEnds(END_SERVER, root));
  const scripts = [...modelFaultScripts(), ...LIVING_SCRIPTS, ...SCRIPTS, ANYTHING];
  const model = stack.use(await startScriptedModel({ scripts, tokenDelayMs: 0 }));
  const { model: name, provider: providers } = openCodeProvider(model);
  const settings = { ...asSettings(REAL_CLOCKS), OIO_MODEL: name, OPENCODE_SERVERS_MANAGED: '1' };
  const orchestrator = stack.use(await openOrchestrator({ root, settings, postgres, providers }));
  const running = stack.move();
  return {
    on: 'real',
    client: orchestrator.client,
    clocks: REAL_CLOCKS,
    newDirectory: () => orchestrator.newDirectory(),
    server: serverAt(orchestrator.serverDirectory, (id) => {
      const said = model.requests.find(({ conversation }) => conversation.prompts.some((text) => text.includes(id)));
      return said?.atMs ?? null;
    }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function serverAt(directory: string, reachedAtMs: (trial: string) => number | null): FaultyServer {
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    process.kill((await stateIn(directory)).server.pid, name);
  };
  return {
    reachedAtMs: ({ id }) => reachedAtMs(id),
    strike() {
      // Its faults are done to it.
    },
    kill: () => signal('SIGKILL'),
    async start() {
      // The gateway does.
    },
    async freeze(forMs) {
      await signal('SIGSTOP');
      if (forMs === null) return;
      await pause(forMs);
      await signal('SIGCONT');
    },
    async say(method, path) {
      const { port, password } = await stateIn(directory);
      const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`;
      await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { authorization } });
    },
    async complaints({ directory: place }) {
      const ran = await readFile(join(place, 'ran.txt'), 'utf8').catch(() => null);
      const left = await commandsIn(place);
      return [
        ...(ran === null || ran === 'ran\n' ? [] : [`a finished tool was run ${ran.split('\n').length - 1} times`]),
        ...(left.length > 0 ? [`still there: ${left.join(', ')}`] : []),
      ];
    },
  };
}

/** What works in a directory, by its command line. */
async function commandsIn(directory: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const at = await readlink(`/proc/${pid}/cwd`).catch(() => '');
      return at === directory ? readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') : '';
    }),
  );
  return found.filter(Boolean).map((line) => line.replaceAll('\0', ' ').trim());
}

interface ServerState {
  readonly server: { readonly pid: number };
  readonly port: number;
  readonly password: string;
}

/** As the managed server's keeper writes it down. */
async function stateIn(directory: string): Promise<ServerState> {
  return JSON.parse(await readFile(join(directory, 'server.json'), 'utf8')) as ServerState;
}
