/** An orchestrator to be killed: starts the managed server that its argument describes, says so, and stays. */
import { startManagedServer, type ManagedServerOptions } from '../../src/managed-server/start-managed-server.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as ManagedServerOptions;
const { id, url, password, pid } = await startManagedServer(options);
process.stdout.write(`${JSON.stringify({ id, url, password, pid })}\n`);
setInterval(() => undefined, 60_000);
