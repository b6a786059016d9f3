import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@oio/sdk';
import { type StandIn, startStandIn } from '../../stand-in/start-stand-in.ts';
import { API_KEY, startBacking, unusedPort } from './backing.ts';
import { type Environment, ServiceProcess } from './service-process.ts';

const SERVICES = ['http-gateway', 'scheduler', 'opencode-gateway', 'session-actor'] as const;
type Service = (typeof SERVICES)[number];

/** Each service as a process of its own, and a stand-in for OpenCode whose conversations outlive its end. */
export type System = Awaited<ReturnType<typeof startSystem>>;

export async function startSystem(settings: Environment = {}) {
  await using stack = new AsyncDisposableStack();
  const backing = stack.use(await startBacking());
  const standIn = stack.use(await startKillableStandIn(join(backing.directory, 'stand-in.jsonl')));
  const { url: server, password } = standIn.now;
  const environment = {
    OPENCODE_SERVERS: JSON.stringify([{ id: 'stand-in', url: server, password, capacity: 4 }]),
    ...settings,
  };
  const processes = new Map<Service, ServiceProcess>();
  const begin = (service: Service): ServiceProcess => {
    const process = new ServiceProcess(service, { ...backing.environmentOf(service), ...environment });
    processes.set(service, process);
    return process;
  };
  const kill = async (service: Service): Promise<void> => processes.get(service)?.[Symbol.asyncDispose]();
  stack.defer(async () => void (await Promise.all(SERVICES.map(kill))));
  const [api] = SERVICES.map(begin);
  await Promise.all(Array.from(processes.values(), (process) => process.ready()));
  const url = String((await api?.said('http-gateway started'))?.['url']);
  const client = stack.use(createClient({ url, apiKey: API_KEY }));
  const directory = join(backing.directory, 'project');
  await mkdir(directory);
  const owned = stack.move();
  return {
    client,
    directory,
    /** Where the managed OpenCode servers keep their data. */
    serverDirectory: backing.environmentOf('opencode-gateway')['OPENCODE_DIRECTORY'] ?? '',
    /** What the present process of a service has logged. */
    lines: (service: Service) => processes.get(service)?.lines ?? [],
    /** The present one. */
    standIn: () => standIn.now,
    /** The server forgets what its memory held: what runs, and what is asked. */
    restartStandIn: () => standIn.restart(),
    /** Without a chance to end anything. */
    kill,
    start: async (service: Service): Promise<void> => void (await begin(service).ready()),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startKillableStandIn(stateFile: string) {
  const options = { port: await unusedPort(), password: 'of-the-stand-in', stateFile };
  let now: StandIn = await startStandIn(options);
  return {
    get now() {
      return now;
    },
    async restart(): Promise<void> {
      await now[Symbol.asyncDispose]();
      now = await startStandIn(options);
    },
    [Symbol.asyncDispose]: () => now[Symbol.asyncDispose](),
  };
}
