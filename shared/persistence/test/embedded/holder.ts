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
    this.process = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => this.kill());
  }

  async report(): Promise<HolderReport> {
    const { stdout } = this.process;
    if (stdout === null) throw new Error('The process has no output.');
    const [line] = await once(createInterface(stdout), 'line');
    return JSON.parse(String(line)) as HolderReport;
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
  }
}
