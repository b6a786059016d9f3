import { type ManagedServer, type ManagedServerParts, managedServer } from '../../src/managed-server/managed-server.ts';

/** A managed server without a process: it ends when it is ended. */
export function fakeManagedServer(parts: Partial<ManagedServerParts> = {}): ManagedServer {
  const exited = Promise.withResolvers<string>();
  const end = async () => exited.resolve('ended');
  return managedServer({
    id: 'managed-1',
    url: 'http://127.0.0.1:9',
    password: 'password',
    pid: 1,
    startedAt: '',
    adopted: false,
    launchedAtMs: Date.now(),
    usage: async () => ({ memoryBytes: 0, databaseBytes: 0, cpuSeconds: 0 }),
    diskBytes: async () => 0,
    compact: async () => {},
    end,
    stop: end,
    release: async () => {},
    exited: exited.promise,
    ...parts,
  });
}
