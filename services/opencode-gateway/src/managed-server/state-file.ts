import { open, readFile, rename, rm } from 'node:fs/promises';
import { z } from 'zod';

const serverState = z.object({
  id: z.string().min(1),
  port: z.int().min(1).max(65_535),
  password: z.string().min(16),
  /** Of everything that a running server cannot be told any more. */
  configHash: z.string(),
  /** When the running server was started, in milliseconds since 1970. */
  launchedAtMs: z.number().optional(),
  /** Null between the decision to start and the start. */
  server: z.object({ pid: z.int(), startedAt: z.string() }).nullable(),
  /** The orchestrator that looks after the server; null when it was stopped in order. */
  keeper: z.object({ pid: z.int(), startedAt: z.string() }).nullable(),
});

/** What has to be known to find a managed server again after our own death. Holds its password. */
export type ServerState = z.output<typeof serverState>;

/** The state that the last keeper left; null when there is none, or none that can be read. */
export async function readState(path: string): Promise<ServerState | null> {
  try {
    return serverState.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

/** Replaces the state as a whole and durably; readable by its owner only. */
export async function writeState(path: string, state: ServerState): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(JSON.stringify(state));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
