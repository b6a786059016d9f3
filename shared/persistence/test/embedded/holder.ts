import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';

/** What a process that started the database told about it. */
export interface HolderReport {
  readonly url?: string;
  readonly pid?: number;
  readonly adopted?: boolean;
  readonly name?: string;
  readonly message?: string;
}

/** Another process that calls startEmbeddedPostgres on `directory` and then stays, without ever stopping it. */
export class Holder {
  readonly process: ChildProcess;

  constructor(t: ExecutionContext, directory: string) {
    const module = new URL('../../src/embedded/start-embedded-postgres.ts', import.meta.url);
    const script = `
      const { startEmbeddedPostgres } = await import(${JSON.stringify(module.href)});
      const { url, pid, adopted } = await startEmbeddedPostgres({ directory: ${JSON.stringify(directory)} })
        .catch(({ name, message }) => { console.log(JSON.stringify({ name, message })); process.exit(1); });
      console.log(JSON.stringify({ url, pid, adopted }));
      setInterval(() => {}, 60_000);`;
    const args = ['--input-type=module', '-e', script];
    this.process = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => this.kill());
  }

  async report(): Promise<HolderReport> {
    const { stdout } = this.process;
    if (stdout === null) throw new Error('The process has no output.');
    const emitted: unknown[] = await once(createInterface(stdout), 'line');
    return JSON.parse(String(emitted[0])) as HolderReport;
  }

  /** Kills it and whatever belongs to its process group, as a terminal that is closed would. */
  async kill(): Promise<void> {
    const { pid, exitCode, signalCode } = this.process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    process.kill(-pid, 'SIGKILL');
    await once(this.process, 'exit');
  }
}
