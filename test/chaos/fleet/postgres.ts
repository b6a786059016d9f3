import { type EmbeddedPostgres, startEmbeddedPostgres } from '@oio/persistence';
import { pause } from '../pause.ts';

/** A PostgreSQL of the run's own, which can be brought down without warning and comes back on the same port. */
export class Postgres implements AsyncDisposable {
  readonly #directory: string;
  #server: EmbeddedPostgres;

  private constructor(directory: string, server: EmbeddedPostgres) {
    this.#directory = directory;
    this.#server = server;
  }

  static async start(directory: string): Promise<Postgres> {
    return new Postgres(directory, await startEmbeddedPostgres({ directory }));
  }

  /** With user and password; past all proxies. */
  get url(): string {
    return this.#server.url;
  }

  get port(): number {
    return Number(new URL(this.#server.url).port);
  }

  /** An immediate shutdown: nothing is flushed or said, the next start recovers from the log. */
  async crash(): Promise<void> {
    process.kill(this.#server.pid, 'SIGQUIT');
    while (await this.#server.isRunning()) await pause(10);
    await this.#server.stop();
  }

  async restart(): Promise<void> {
    this.#server = await startEmbeddedPostgres({ directory: this.#directory, port: this.port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
  }
}
