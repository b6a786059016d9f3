import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NODE_OPTIONS } from '@oio/platform';
import { type Backing, processesOf } from './backing.ts';
import { nullServers } from './null-agents.ts';
import { type ServiceProcess, startServiceProcess } from './service-process.ts';
import type { System, SystemOptions } from './system.ts';

const SERVICES = join(import.meta.dirname, '../../../services');
const HTTP_URL = /"url":"(http:[^"]+)"[^\n]*"msg":"http-gateway started"/;
const READY = /"msg":"ready for work"/;

/** A running system with its processes by name, such as `session-actor-1`. */
export interface StartedSystem extends System {
  readonly services: readonly ServiceProcess[];
  /** What the task comes to; rejects, with the end of its log, as soon as a process of a service ends that was not told to. */
  whileRunning<T>(task: () => Promise<T>): Promise<T>;
}

/** Starts the services on their backing servers: all in one process, or each in its own when there are NATS and Redis. */
export async function startSystem(backing: Backing, options: SystemOptions): Promise<StartedSystem> {
  await using stack = new AsyncDisposableStack();
  const directories = await makeDirectories(options);
  const apiKey = randomBytes(24).toString('hex');
  const environment = commonEnvironment(backing, { ...options, apiKey });
  const plans = backing.distributed ? distributedPlans(backing.distributed, options) : STANDALONE;
  const services = plans.map(({ own = {}, ...plan }) =>
    stack.use(startServiceProcess({ ...options, ...plan, environment: { ...environment, ...own } })),
  );
  await Promise.all(services.map((service) => service.said(READY)));
  const http = services.find(({ name }) => name === 'standalone' || name === 'http-gateway');
  const url = (await http?.said(HTTP_URL)) ?? '';
  const processes = {
    ...Object.fromEntries(services.map(({ name, pid }) => [name, pid])),
    ...processesOf(backing),
  };
  const running = stack.move();
  return {
    url,
    apiKey,
    databaseUrl: backing.postgres.url,
    processes,
    directories,
    services,
    whileRunning: (task) => Promise.race([task(), ...services.map(({ failed }) => failed)]),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Sessions in place have a directory for themselves. */
async function makeDirectories(options: SystemOptions): Promise<string[]> {
  const directories = Array.from({ length: options.slots }, (_, index) => join(projectsOf(options), `p${index}`));
  for (const path of directories) await mkdir(path, { recursive: true });
  return directories;
}

function projectsOf({ directory, projects = join(directory, 'projects') }: SystemOptions): string {
  return projects;
}

function commonEnvironment(
  backing: Backing,
  options: SystemOptions & { readonly apiKey: string },
): Record<string, string> {
  const { directory, slots, agents, apiKey } = options;
  return {
    DATABASE_URL: backing.postgres.url,
    DATABASE_CONNECTIONS: '15',
    API_KEY: apiKey,
    API_PORT: '0',
    ENCRYPTION_KEY: randomBytes(32).toString('hex'),
    MAX_CONCURRENT_SESSIONS: String(slots),
    OPENCODE_SERVERS_MANAGED: '0',
    OPENCODE_PROMPTS_PER_MINUTE: '0',
    OPENCODE_SERVERS: nullServers(slots),
    OPENCODE_DIRECTORY: join(directory, 'opencode'),
    WORKTREES_DIRECTORY: join(directory, 'worktrees'),
    WORKSPACE_ROOTS: projectsOf(options),
    BENCH_AGENTS: agents,
  };
}

interface Plan {
  readonly name: string;
  readonly script: string;
  readonly nodeOptions?: readonly string[];
  readonly own?: Readonly<Record<string, string>>;
}

const STANDALONE: readonly Plan[] = [{ name: 'standalone', script: join(import.meta.dirname, 'standalone-main.ts') }];

function distributedPlans(
  { nats, redis }: NonNullable<Backing['distributed']>,
  { sessionActors, schedulers = 1 }: SystemOptions,
): readonly Plan[] {
  const plan = (service: string, { name = service, script = join(SERVICES, service, 'src/main.ts') } = {}): Plan => ({
    name,
    script,
    nodeOptions: NODE_OPTIONS[service] ?? [],
    own: { NATS_URL: nats.urlOf(service), REDIS_URL: redis.url },
  });
  const several = (service: string, count: number): Plan[] =>
    Array.from({ length: count }, (_, index) => plan(service, { name: `${service}-${index + 1}` }));
  return [
    ...several('session-actor', sessionActors),
    ...several('scheduler', schedulers),
    plan('opencode-gateway', { script: join(import.meta.dirname, 'opencode-gateway-main.ts') }),
    plan('metrics'),
    plan('http-gateway'),
  ];
}
