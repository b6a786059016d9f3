import { join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { openTestDatabase } from '@oio/persistence/testing';
import { parseConfig } from '@oio/runtime';
import { type Client, createClient } from '@oio/sdk';
import { standaloneConfig, startStandalone } from '@oio/standalone';

export type Settings = Readonly<Record<string, string>>;

export interface OrchestratorOptions {
  /** Where everything lies; there. */
  readonly root: string;
  readonly settings: Settings;
  /** The PostgreSQL that it gets a database of its own on. */
  readonly postgres: string;
  readonly providers?: Readonly<Record<string, unknown>>;
}

/** All services in this process, as a user starts them, and a client. */
export interface RunningOrchestrator extends AsyncDisposable {
  readonly client: Client;
  /** The data directory of its managed server. */
  readonly serverDirectory: string;
  /** A fresh directory without git that sessions may work in. */
  newDirectory(): Promise<string>;
}

/** Nothing is retried, so that the first verdict stays; nothing waits for anything else than what is tried. */
const ALWAYS: Settings = {
  API_PORT: '0',
  MAX_RETRY_ATTEMPTS: '0',
  MAX_CONCURRENT_SESSIONS: '64',
  OPENCODE_PROMPTS_PER_MINUTE: '0',
  LOG_LEVEL: 'warn',
};

export async function openOrchestrator(options: OrchestratorOptions): Promise<RunningOrchestrator> {
  const { root, settings, postgres, providers } = options;
  await using stack = new AsyncDisposableStack();
  const work = join(root, 'work');
  await mkdir(work);
  const { url } = stack.use(await openTestDatabase(postgres));
  const environment = {
    ...ALWAYS,
    ...settings,
    DATABASE_URL: url,
    OIO_DATA_DIR: join(root, 'data'),
    WORKSPACE_ROOTS: work,
    PATH: process.env['PATH'] ?? '',
  };
  const config = parseConfig(standaloneConfig, environment);
  const given = { config, environment, currentDirectory: work, ...(providers && { providers }) };
  const standalone = stack.use(await startStandalone(given));
  const client = stack.use(createClient({ ...standalone, retryForMs: 0 }));
  const running = stack.move();
  let made = 0;
  return {
    client,
    serverDirectory: standalone.data.opencode,
    async newDirectory() {
      made += 1;
      const directory = join(work, String(made));
      await mkdir(directory);
      return directory;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
