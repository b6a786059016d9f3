import { StartupError, EXIT_CODE } from '@oio/errors';
import { type Client, createClient, defaultDataDirectory, readApiKey } from '@oio/sdk';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Runs a task with a client and closes that afterwards. */
export type WithClient = (task: (client: Client) => Promise<void>) => Promise<void>;

const DEFAULT_URL = 'http://127.0.0.1:8000';

/** A client of the orchestrator that the environment names, or of the one on this machine. Throws `StartupError` without a key. */
export async function connect(environment: Environment): Promise<Client> {
  const url = environment['OIO_URL'] || DEFAULT_URL;
  const directory = environment['OIO_DATA_DIR'] || defaultDataDirectory(environment);
  const apiKey = environment['OIO_API_KEY'] || (await readApiKey(directory));
  if (apiKey) return createClient({ url, apiKey, retryForMs: 2_000 });
  throw new StartupError(
    `There is no API key in ${directory}. Start the orchestrator (npm start), or set OIO_API_KEY, or OIO_DATA_DIR to its data directory.`,
    EXIT_CODE.config,
  );
}
