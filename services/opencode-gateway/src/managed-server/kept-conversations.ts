import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { dedicatedDirectory } from './dedicated-server.ts';
import { serverPaths } from './server-environment.ts';

/** As long as git keeps the commits that nothing names any more: without the files a fork has no use for the words. */
const KEPT_MS = 14 * 86_400_000;

/** Where a session that was over left its conversation. */
function keptDatabase(root: string, sessionId: string): string {
  return join(root, 'conversations', sessionId, basename(serverPaths('').database));
}

/** The database with the conversation of a session that has had a server of its own here; null when there is none. */
export function conversationDatabase(root: string, sessionId: string): string | null {
  const { database } = serverPaths(dedicatedDirectory(root, sessionId));
  return [database, keptDatabase(root, sessionId)].find((path) => existsSync(path)) ?? null;
}

/** Puts aside what a fork of a session needs before its data are removed. Nothing may run on them. */
export async function keepConversation(root: string, sessionId: string): Promise<void> {
  const { database } = serverPaths(dedicatedDirectory(root, sessionId));
  if (!existsSync(database)) return;
  const kept = keptDatabase(root, sessionId);
  await mkdir(dirname(kept), { recursive: true, mode: 0o700 });
  // The log first: with the database alone its end would be missing.
  if (existsSync(`${database}-wal`)) await rename(`${database}-wal`, `${kept}-wal`);
  await rename(database, kept);
  await utimes(dirname(kept), new Date(), new Date());
}

/** Removes what was put aside long ago. */
export async function forgetConversations(root: string, nowMs = Date.now()): Promise<void> {
  const directory = join(root, 'conversations');
  for (const name of await readdir(directory).catch((): string[] => [])) {
    const kept = join(directory, name);
    if (nowMs - (await stat(kept)).mtimeMs > KEPT_MS) await rm(kept, { recursive: true, force: true });
  }
}
