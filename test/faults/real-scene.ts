import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { bash, faultMark, modelFaultScripts, question, type Script, type ScriptedModel } from '@oio/scripted-model';
import { pause } from '../stand-in/pause.ts';
import { asSettings, REAL_CLOCKS } from './clocks.ts';
import { LIVING_SCRIPTS } from './living.ts';
import { askServer, serverStateIn } from './managed-server.ts';
import { openRealOrchestrator } from './open-real-orchestrator.ts';
import type { FaultyServer, Place, Scene, Trial } from './scene.ts';

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
  during('permission-asked', DONE),
  during('question-asked', { toolCalls: [question('Which one?', ['A', 'B'])] }),
];

function during(name: string, next: Script['steps'][number]): Script {
  const matches: Script['matches'] = ({ prompts }) => prompts.some((said) => said.includes(faultMark(name)));
  return { name, matches, steps: [COUNTED, next, DONE] };
}

const ANYTHING: Script = { name: 'anything', matches: () => true, steps: [DONE] };

/** An orchestrator on a managed server: the real binary, whose model is the scripted one. */
export async function openRealScene(place: Place): Promise<Scene> {
  const scripts = [...modelFaultScripts(), ...LIVING_SCRIPTS, ...SCRIPTS, ANYTHING];
  const settings = { ...asSettings(REAL_CLOCKS), OPENCODE_SERVERS_MANAGED: '1' };
  const orchestrator = await openRealOrchestrator({ ...place, scripts, settings });
  const { client, model } = orchestrator;
  return {
    on: 'real',
    client,
    clocks: REAL_CLOCKS,
    newDirectory: () => orchestrator.newDirectory(),
    server: serverAt(orchestrator.serverDirectory, ({ id, mark }) => {
      const meets = (prompt: string): boolean => prompt.includes(id) && prompt.includes(mark);
      return model.requests.filter(({ conversation }) => conversation.prompts.some(meets));
    }),
    [Symbol.asyncDispose]: () => orchestrator[Symbol.asyncDispose](),
  };
}

type CallsOf = (trial: Trial) => ScriptedModel['requests'];

function serverAt(directory: string, callsOf: CallsOf): FaultyServer {
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    process.kill((await serverStateIn(directory)).server.pid, name);
  };
  return {
    reachedAtMs: (trial) => callsOf(trial)[0]?.atMs ?? null,
    isInMidTurn: (trial) => callsOf(trial).some(({ conversation }) => conversation.steps.length > 0),
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
      await askServer(await serverStateIn(directory), path, { method });
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
