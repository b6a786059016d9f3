import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../../test/stand-in/main.ts', import.meta.url));
const PASSWORD = 'secret';

/** The stand-in for an OpenCode server (test/stand-in) as a process of its own. */
export async function startStandInProcess() {
  const child = spawn(process.execPath, [MAIN, '--port', '0', '--password', PASSWORD], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const url = /http:\S+/.exec(line)?.[0] ?? '';
  const headers = { authorization: `Basic ${Buffer.from(`opencode:${PASSWORD}`).toString('base64')}` };
  return {
    url,
    password: PASSWORD,
    async counts() {
      const response = await fetch(`${url}/stand-in/calls`, { headers });
      return (await response.json()) as {
        turns: { running: number };
        prompts: Record<string, number>;
        resumes: Record<string, number>;
        counts: Record<string, number>;
      };
    },
    async setFaults(...kinds: readonly string[]): Promise<void> {
      const body = JSON.stringify({ faults: kinds.map((kind) => ({ kind })) });
      await fetch(`${url}/stand-in/faults`, { method: 'POST', headers, body });
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
