import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Name of the file in the orchestrator's data directory that holds the API key. */
export const API_KEY_FILE = 'api-key';

/** The key of an orchestrator on this machine; null when it has made none yet. Throws when the file may not be read. */
export async function readApiKey(dataDirectory: string): Promise<string | null> {
  try {
    return (await readFile(join(dataDirectory, API_KEY_FILE), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Where an orchestrator on this machine keeps its things unless it was told otherwise. */
export function defaultDataDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  return join(environment['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'oio');
}
