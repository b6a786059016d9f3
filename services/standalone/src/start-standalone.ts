import { knownNames } from '@oio/http-gateway/config';
import { defaultDataDirectory } from '@oio/sdk/key-file';
import type { StandaloneConfig } from './config.ts';
import { type DataDirectory, prepareDataDirectory, requireGit } from './data-directory.ts';
import { requireFreePort } from './require-free-port.ts';
import { requireRoots } from './require-roots.ts';

export interface StandaloneOptions {
  readonly config: StandaloneConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly currentDirectory: string;
  /** OpenCode's `provider` section, in place of the setting OIO_PROVIDERS. */
  readonly providers?: Readonly<Record<string, unknown>>;
  /** Told what is being done, for a person who waits. */
  readonly onProgress?: (doing: string) => void;
}

/** Where it keeps its things, and where sessions may work. */
export interface Place {
  readonly data: DataDirectory;
  readonly roots: readonly string[];
}

export interface Standalone extends Place, AsyncDisposable {
  readonly url: string;
  readonly apiKey: string;
}

/** Starts the whole orchestrator in this process. Throws `StartupError`; what was started by then is stopped. */
export async function startStandalone(options: StandaloneOptions): Promise<Standalone> {
  const place = await prepare(options);
  // More than a thousand modules: whoever has to put something right first need not wait for them.
  const { startServices } = await import('./start-services.ts');
  return { ...place, ...(await startServices(options, place)) };
}

/** What can be seen to be wrong before anything is started. */
async function prepare({ config, environment, currentDirectory }: StandaloneOptions): Promise<Place> {
  knownNames(config);
  requireGit();
  const roots = config.WORKSPACE_ROOTS.length > 0 ? config.WORKSPACE_ROOTS : [currentDirectory];
  await requireRoots(roots);
  await requireFreePort(config.API_HOST, config.API_PORT);
  const data = await prepareDataDirectory(config.OIO_DATA_DIR ?? defaultDataDirectory(environment));
  return { roots, data };
}
