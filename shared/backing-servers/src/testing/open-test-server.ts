import { EXIT_CODE, StartupError } from '@oio/errors';
import { startTestContainer } from './start-test-container.ts';
import { startTestProcess } from './start-test-process.ts';

export type ServerName = 'nats' | 'redis';

/** A server for tests that do no faults to it. They may share it with others and keep to names of their own. */
export interface TestServer extends AsyncDisposable {
  /** With the credentials of a user who may do everything. */
  readonly url: string;
}

/** Where a test server can come from; ports, so that tests can be other machines. */
export interface Surroundings {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Null where there is no container engine. */
  readonly startContainer?: (name: ServerName) => Promise<TestServer | null>;
  readonly startProcess?: (name: ServerName) => Promise<TestServer>;
}

/**
 * A server from the first of these that has one: the environment (`OIO_TEST_NATS_URL`, `OIO_TEST_REDIS_URL`), a container, a
 * program on the PATH, a program that `apt-get` installs. Throws `StartupError` that says what to install.
 */
export async function openTestServer(name: ServerName, surroundings: Surroundings = {}): Promise<TestServer> {
  const {
    environment = process.env,
    startContainer = startTestContainer,
    startProcess = startTestProcess,
  } = surroundings;
  const url = environment[`OIO_TEST_${name.toUpperCase()}_URL`];
  if (url) return { url, [Symbol.asyncDispose]: async () => {} };
  const failures: unknown[] = [];
  for (const start of [startContainer, startProcess]) {
    try {
      const server = await start(name);
      if (server) return server;
    } catch (error) {
      failures.push(error);
    }
  }
  throw noServer(name, failures);
}

function noServer(name: ServerName, failures: readonly unknown[]): StartupError {
  const said = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
  return new StartupError(
    [`The tests need a ${name} server, and none could be had.`, ...said].join('\n'),
    EXIT_CODE.unavailable,
    { cause: new AggregateError(failures) },
  );
}
