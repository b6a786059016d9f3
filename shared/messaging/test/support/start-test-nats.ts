import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type NatsServer, startNatsServer } from '@oio/backing-servers';
import { temporaryDirectory } from './temporary-directory.ts';

const CONFIGURATION = resolve(import.meta.dirname, '../../../../infra/nats/nats.conf');
/** Before the users of production stands one for tests, who may use subjects of his own. */
const USERS = 'users: [\n';
const TEST_USER = `${USERS}    { user: test, password: $NATS_TEST_PASSWORD }\n`;

export interface TestNats extends AsyncDisposable {
  readonly server: NatsServer;
  /** For a user who may do everything. */
  readonly url: string;
}

/** A real server with the configuration of production and one user more, in a directory that goes away with it. */
export async function startTestNats(): Promise<TestNats> {
  await using stack = new AsyncDisposableStack();
  const { path: directory } = stack.use(await temporaryDirectory());
  const text = await readFile(CONFIGURATION, 'utf8');
  if (!text.includes(USERS)) throw new Error(`${CONFIGURATION} has no list of users.`);
  const configuration = join(directory, 'nats.conf');
  await writeFile(configuration, text.replace(USERS, TEST_USER));
  const server = stack.use(await startNatsServer({ directory, configuration }));
  const owned = stack.move();
  return { server, url: server.urlOf('test'), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
