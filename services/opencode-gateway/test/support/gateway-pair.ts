import { createInProcessBus } from '@oio/messaging';
import { createInProcessOwnerDirectory } from '@oio/ownership';
import type { Database } from '@oio/persistence';
import { openTestDatabase } from '@oio/persistence/testing';
import { createLogger, createSetClock, parseConfig } from '@oio/runtime';
import { nodeEnvironment } from '@oio/runtime/testing';
import { type OpencodeGatewaySetting, opencodeGatewayConfig } from '../../src/config.ts';
import type { KnownServer } from '../../src/fleet.ts';
import type { AgentServer } from '../../src/ports.ts';
import { startOpencodeGateway } from '../../src/service.ts';
import { providerOf } from './real-server.ts';
import { createNullWorkspaces } from '../../src/testing/null-agent-server.ts';
import type { FakeModel } from './fake-model.ts';
import { FakeOwner } from './fake-owner.ts';

const KEY = 'a key of at least thirty-two characters';

export interface GatewayOptions {
  readonly servers?: readonly Pick<KnownServer, 'id' | 'url' | 'password'>[];
  readonly connect?: (server: KnownServer) => AgentServer;
  /** The database as this gateway has it. */
  readonly reach?: (database: Database) => Database;
  readonly managed?: Managed;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Managed servers on this directory. */
interface Managed {
  readonly directory: string;
  readonly model: Pick<FakeModel, 'url'>;
  /** What the provider of the model is called: `fake` when missing. */
  readonly provider?: string;
  readonly count: number;
}

/** A bus and a database, and as many opencode-gateways on them as the test starts. */
export async function openGateways(directory: string) {
  await using stack = new AsyncDisposableStack();
  const { database } = stack.use(await openTestDatabase());
  const bus = stack.use(createInProcessBus());
  const shared = { bus, database, directory: stack.use(createInProcessOwnerDirectory()) };
  const logger = createLogger('opencode-gateway', { level: process.env['OIO_TEST_LOG'] ?? 'silent' });
  const place = { directory, workspace: 'in_place' as const, repository: null };
  const owner = stack.use(new FakeOwner({ ...shared, place }));
  await owner.begin();
  const owned = stack.move();
  return {
    database,
    bus,
    owner,
    async start({ servers = [], connect, reach, managed, settings }: GatewayOptions): Promise<AsyncDisposable> {
      const config = parseConfig(opencodeGatewayConfig, {
        OPENCODE_SERVERS_MANAGED: String(managed?.count ?? 0),
        OPENCODE_SERVERS: JSON.stringify(servers.map((server) => ({ ...server, capacity: 4 }))),
        ENCRYPTION_KEY: KEY,
        ...settings,
      });
      const setting = managed ? { ...SETTING, serverDirectory: managed.directory, ...settingFor(managed) } : SETTING;
      const ports = {
        ...shared,
        database: reach?.(database) ?? database,
        clock: createSetClock(),
        logger,
        workspaces: createNullWorkspaces(),
        ...(connect && { connect }),
      };
      return owned.use(await startOpencodeGateway(config, setting, ports));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function settingFor({ model, provider = 'fake' }: Managed) {
  return { providers: { [provider]: providerOf(model) }, model: `${provider}/m`, environment: nodeEnvironment() };
}

const SETTING: OpencodeGatewaySetting = {
  serverDirectory: '/nonexistent',
  worktreesDirectory: '/nonexistent',
  roots: ['/'],
  model: null,
  providers: null,
  authContent: null,
  environment: {},
};
