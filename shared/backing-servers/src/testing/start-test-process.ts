import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNatsServer } from '../start-nats-server.ts';
import { startRedisServer } from '../start-redis-server.ts';
import type { ServerName, TestServer } from './open-test-server.ts';
import { natsTestConfiguration } from './test-configuration.ts';

/** A process in a temporary directory that goes away with it. */
export async function startTestProcess(name: ServerName): Promise<TestServer> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), `oio-test-${name}-`));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const url = await START[name](directory, stack);
  const owned = stack.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const START: Readonly<Record<ServerName, (directory: string, stack: AsyncDisposableStack) => Promise<string>>> = {
  async redis(directory, stack) {
    return stack.use(await startRedisServer({ directory })).url;
  },
  async nats(directory, stack) {
    const configuration = join(directory, 'nats.conf');
    await writeFile(configuration, await natsTestConfiguration());
    return stack.use(await startNatsServer({ directory, configuration })).urlOf('test');
  },
};
