import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endProcesses } from '../../src/managed-server/end-processes.ts';
import { MARKER } from '../../src/managed-server/server-environment.ts';
import type { ManagedServerOptions } from '../../src/managed-server/start-managed-server.ts';

const SCRIPT = fileURLToPath(new URL('start-and-wait.ts', import.meta.url));

/** A process of its own that has started a managed server and looks after it. */
export async function startOrchestrator(options: ManagedServerOptions) {
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('The orchestrator ended by itself')));
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => undefined);
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return {
    server: JSON.parse(line) as { id: string; url: string; password: string; pid: number },
    kill,
    /** Also ends the server that it left behind, if nobody did. */
    async [Symbol.asyncDispose]() {
      await kill();
      await endProcesses({ server: null, mark: `${MARKER}=${options.directory}`, graceMs: 0 });
    },
  };
}
