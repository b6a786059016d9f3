import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startNatsServer, startRedisServer, whenThisProcessEnds } from '@oio/backing-servers';
import { openDatabase } from '@oio/persistence';
import { openTestDatabase } from '@oio/persistence/testing';
import { openCodeProvider, type ScriptedModel } from '@oio/scripted-model';
import { type Client, createClient } from '@oio/sdk';
import { type ServiceKind, ServiceProcess } from '../../chaos/fleet/service-process.ts';
import { END_SERVERS_BELOW } from '../../faults/managed-server.ts';
import type { Place } from '../../faults/scene.ts';

export interface ProcessesOptions extends Place {
  readonly model: ScriptedModel;
  readonly say: (line: string) => void;
}

/** The product as processes on PostgreSQL, NATS and Redis, with one managed server: the real binary. */
export interface Processes extends AsyncDisposable {
  readonly client: Client;
  /** One looks after the server; the other stands by for it, and both drive turns. */
  readonly gateways: readonly ServiceProcess[];
  /** The data directory of the managed server. */
  readonly serverDirectory: string;
  /** Where sessions may work. */
  readonly workDirectory: string;
}

const KINDS: readonly ServiceKind[] = [
  'session-actor',
  'opencode-gateway',
  'opencode-gateway',
  'scheduler',
  'http-gateway',
];

export async function startProcesses({ root, postgres, model, say }: ProcessesOptions): Promise<Processes> {
  await using stack = new AsyncDisposableStack();
  endServersWith(stack, root);
  const [workDirectory, serverDirectory] = [join(root, 'work'), join(root, 'opencode')];
  await mkdir(workDirectory);
  const database = stack.use(await openTestDatabase(postgres));
  await (await openDatabase(database.url))[Symbol.asyncDispose]();
  const nats = stack.use(await startNatsServer({ directory: join(root, 'nats') }));
  const redis = stack.use(await startRedisServer({ directory: join(root, 'redis') }));
  const { model: modelName, provider } = openCodeProvider(model);
  const apiKey = randomBytes(24).toString('hex');
  const agents = {
    OPENCODE_SERVERS_MANAGED: '1',
    OPENCODE_PROMPTS_PER_MINUTE: '0',
    OPENCODE_DIRECTORY: serverDirectory,
    WORKTREES_DIRECTORY: join(root, 'worktrees'),
    WORKSPACE_ROOTS: workDirectory,
    OIO_MODEL: modelName,
    OIO_PROVIDERS: JSON.stringify(provider),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
  const own: Partial<Record<ServiceKind, Readonly<Record<string, string>>>> = {
    'opencode-gateway': agents,
    'http-gateway': { API_KEY: apiKey },
  };
  const services: ServiceProcess[] = [];
  for (const [number, kind] of KINDS.entries()) {
    const options = { kind, number, directory: root, databaseUrl: database.url, natsUrl: nats.urlOf(kind) };
    const environment = { ...COMMON, ...own[kind] };
    const service = { ...options, redisUrl: redis.url, environment, nodeArgs: [], onUnexpectedEnd: say };
    services.push(stack.use(await ServiceProcess.prepare(service)));
  }
  for (const { program } of services) await program.start({ waits: false });
  for (const { program } of services) await program.ready();
  const url = services.find(({ kind }) => kind === 'http-gateway')?.apiUrl ?? '';
  const client = stack.use(createClient({ url, apiKey, retryForMs: 30_000 }));
  const running = stack.move();
  const gateways = services.filter(({ kind }) => kind === 'opencode-gateway');
  return { client, gateways, serverDirectory, workDirectory, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Nothing is tried again by a new attempt, whose prompt would be another one: what is killed has to go on. */
const COMMON = { LOG_LEVEL: 'info', DATABASE_CONNECTIONS: '9', MAX_RETRY_ATTEMPTS: '0' };

/** A managed server outlives its gateway by design, and would outlive this process. */
function endServersWith(stack: AsyncDisposableStack, root: string): void {
  stack.defer(whenThisProcessEnds(END_SERVERS_BELOW, root));
  stack.defer(async () => {
    await promisify(execFile)('sh', ['-c', `${END_SERVERS_BELOW}; true`, 'sh', root]);
  });
}
