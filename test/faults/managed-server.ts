import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** As the keeper of a managed server writes it down. */
export interface ManagedServerState {
  readonly server: { readonly pid: number };
  readonly port: number;
  readonly password: string;
}

/** Throws while the server in this directory is being started. */
export async function serverStateIn(directory: string): Promise<ManagedServerState> {
  const state = JSON.parse(await readFile(join(directory, 'server.json'), 'utf8')) as Partial<ManagedServerState>;
  if (!state.server) throw new Error(`The server in ${directory} is being started.`);
  return state as ManagedServerState;
}

/** Asks a managed server past the orchestrator. */
export function askServer(
  { port, password }: Pick<ManagedServerState, 'port' | 'password'>,
  path: string,
  request: Pick<RequestInit, 'method' | 'body' | 'signal'> = {},
): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`;
  const headers = { authorization, ...(request.body && { 'content-type': 'application/json' }) };
  return fetch(`http://127.0.0.1:${port}${path}`, { ...request, headers });
}

/** A script for a shell: ends what the servers below a directory are and have started, by the mark in their environment. */
export const END_SERVERS_BELOW = `for file in /proc/[0-9]*/environ; do
  if tr '\\0' '\\n' < "$file" | grep -q "^OIO_MANAGED_SERVER=$1/"; then
    pid=\${file#/proc/}; kill -KILL "\${pid%/environ}"
  fi
done`;
