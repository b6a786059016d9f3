import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type NatsServer, type RedisServer, startNatsServer, startRedisServer } from '@oio/backing-servers';
import { openDatabase } from '@oio/persistence';
import type { Plant } from '../plants/plant.ts';
import { BusProbe } from '../witness/bus-probe.ts';
import { Witness } from '../witness/witness.ts';
import { OpencodeServer } from './opencode-server.ts';
import { Postgres } from './postgres.ts';
import { type ServiceKind, ServiceProcess } from './service-process.ts';

/** Everything that a run has of its own. Disposing of it ends it all. */
export interface Fleet extends AsyncDisposable {
  readonly postgres: Postgres;
  readonly nats: NatsServer;
  readonly redis: RedisServer;
  readonly opencode: readonly OpencodeServer[];
  readonly services: readonly ServiceProcess[];
  readonly witness: Witness;
  readonly bus: BusProbe;
  readonly apiKey: string;
  readonly directories: readonly string[];
}

export interface FleetOptions {
  /** For data, logs and the directories that sessions work in. */
  readonly directory: string;
  readonly counts: Readonly<Record<ServiceKind | 'opencode', number>>;
  /** A defect that the processes are started with. */
  readonly plant: Plant | null;
  readonly onUnexpectedEnd: (how: string) => void;
}

const DIRECTORIES = 600;
const PLANT_LOADER = './test/chaos/plants/plant-loader.ts';
/** Eight processes share a hundred connections of the embedded PostgreSQL. */
const CONNECTIONS = 9;

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { directory } = options;
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await Postgres.start(join(directory, 'postgres')));
  const nats = stack.use(await startNatsServer({ directory: join(directory, 'nats') }));
  const redis = stack.use(await startRedisServer({ directory: join(directory, 'redis') }));
  await (await openDatabase(postgres.url))[Symbol.asyncDispose]();
  const witness = stack.use(await Witness.enter(postgres.url));
  for (const statement of options.plant?.sql ?? []) await witness.query(statement);
  const directories = await makeDirectories(join(directory, 'roots'));
  const opencode: OpencodeServer[] = [];
  for (let number = 1; number <= options.counts.opencode; number += 1)
    opencode.push(stack.use(await OpencodeServer.start(`opencode-${number}`, directory, options.onUnexpectedEnd)));

  const apiKey = randomBytes(24).toString('hex');
  const services = await prepareServices(options, { postgres, nats, redis, opencode, apiKey });
  for (const service of services) stack.use(service);
  await startServices(services);
  const bus = stack.use(
    await BusProbe.start({
      readerUrl: nats.urlOf('metrics'),
      writerUrls: { 'session-actor': nats.urlOf('session-actor'), 'opencode-gateway': nats.urlOf('opencode-gateway') },
    }),
  );
  const owned = stack.move();
  const parts = { postgres, nats, redis, opencode, services, witness, bus, apiKey, directories };
  return { ...parts, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function makeDirectories(root: string): Promise<readonly string[]> {
  const paths = Array.from({ length: DIRECTORIES }, (_, index) => join(root, `place-${index}`));
  for (const path of paths) await mkdir(path, { recursive: true });
  return paths;
}

type Backing = Pick<Fleet, 'postgres' | 'nats' | 'redis' | 'opencode' | 'apiKey'>;

function prepareServices({ directory, counts, plant, onUnexpectedEnd }: FleetOptions, backing: Backing) {
  const kinds: readonly ServiceKind[] = ['session-actor', 'opencode-gateway', 'scheduler', 'http-gateway', 'metrics'];
  const wanted = kinds.flatMap((kind) =>
    Array.from({ length: counts[kind] }, (_, index) => ({ kind, number: index + 1 })),
  );
  const planted = (kind: ServiceKind): boolean =>
    (plant?.edits.length ?? 0) > 0 && plant?.services.includes(kind) === true;
  return Promise.all(
    wanted.map(({ kind, number }) =>
      ServiceProcess.prepare({
        kind,
        number,
        directory,
        databaseUrl: backing.postgres.url,
        natsUrl: backing.nats.urlOf(kind),
        redisUrl: backing.redis.url,
        environment: {
          ...environmentOf(kind, directory, backing),
          ...(planted(kind) && { OIO_CHAOS_PLANT: plant?.name ?? '' }),
        },
        nodeArgs: planted(kind) ? ['--import', PLANT_LOADER] : [],
        onUnexpectedEnd,
      }),
    ),
  );
}

function environmentOf(kind: ServiceKind, directory: string, { opencode, apiKey }: Backing): Record<string, string> {
  const common = { LOG_LEVEL: 'info', DATABASE_CONNECTIONS: String(CONNECTIONS) };
  if (kind === 'http-gateway') return { ...common, API_KEY: apiKey, API_MAX_STREAMS: '1000' };
  // Often enough that whoever is killed has stored something to go on from.
  if (kind === 'metrics') return { ...common, METRICS_SAVE_SECONDS: '1' };
  if (kind !== 'opencode-gateway') return common;
  return {
    ...common,
    OPENCODE_SERVERS_MANAGED: '0',
    OPENCODE_PROMPTS_PER_MINUTE: '0',
    OPENCODE_SERVERS: JSON.stringify(opencode.map(({ registration }) => registration)),
    OPENCODE_DIRECTORY: join(directory, 'opencode'),
    WORKTREES_DIRECTORY: join(directory, 'worktrees'),
    WORKSPACE_ROOTS: join(directory, 'roots'),
    ENCRYPTION_KEY,
  };
}

/** The same for all gateways of a run. */
const ENCRYPTION_KEY = randomBytes(32).toString('base64');

/** Two at a time: each takes a second of a processor to load. */
async function startServices(services: readonly ServiceProcess[]): Promise<void> {
  for (const service of services) await service.program.start({ waits: false });
  for (const service of services) await service.program.ready();
}
