import { randomBytes } from 'node:crypto';
import type { GenericContainer } from 'testcontainers';
import type { ServerName, TestServer } from './open-test-server.ts';
import { natsTestConfiguration, REDIS_CONFIGURATION } from './test-configuration.ts';

interface Recipe {
  readonly image: string;
  readonly port: number;
  readonly user: string;
  readonly prepare: (container: GenericContainer, password: string) => Promise<GenericContainer>;
}

const RECIPES: Readonly<Record<ServerName, Recipe>> = {
  redis: {
    image: 'redis:7.4-alpine',
    port: 6379,
    user: '',
    async prepare(container, password) {
      const start = 'printf "requirepass %s\\n" "$PASSWORD" | exec redis-server /etc/redis.conf --bind 0.0.0.0 -';
      return container
        .withCopyFilesToContainer([{ source: REDIS_CONFIGURATION, target: '/etc/redis.conf' }])
        .withEnvironment({ PASSWORD: password })
        .withCommand(['sh', '-c', start]);
    },
  },
  nats: {
    image: 'nats:2.12-alpine',
    port: 4222,
    user: 'test',
    async prepare(container, password) {
      const content = await natsTestConfiguration();
      const variables = [...content.matchAll(/\$(NATS_\w+)/g)].map(
        ([, variable = '']) => [variable, password] as const,
      );
      return container
        .withCopyContentToContainer([{ content, target: '/etc/oio-nats.conf' }])
        .withEnvironment(Object.fromEntries(variables))
        .withCommand(['nats-server', '--config', '/etc/oio-nats.conf', '--addr', '0.0.0.0', '--store_dir', '/data']);
    },
  },
};

/** A container that goes away with its scope, or null where there is no container engine: that is known within milliseconds. */
export async function startTestContainer(name: ServerName): Promise<TestServer | null> {
  // Only now: the library is large, and most machines have no need of it.
  const library = await import('testcontainers');
  const engine = await library.getContainerRuntimeClient().catch(() => null);
  if (engine === null) return null;
  const { image, port, user, prepare } = RECIPES[name];
  // NATS takes what begins with a digit for a number.
  const password = `p${randomBytes(24).toString('hex')}`;
  const prepared = await prepare(new library.GenericContainer(image), password);
  const container = await prepared.withExposedPorts(port).start();
  return {
    url: `${name}://${user}:${password}@${container.getHost()}:${container.getMappedPort(port)}`,
    async [Symbol.asyncDispose]() {
      await container.stop();
    },
  };
}
