import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { ask } from './ask.ts';
import { type BackingServer, startBackingServer } from './backing-server.ts';
import { requireBinary } from './require-binary.ts';

export interface NatsServer extends BackingServer {
  /** The users of the configuration, in its order. */
  readonly users: readonly string[];
  /** `nats://user:password@127.0.0.1:port` for one of the users: a secret. */
  urlOf(user: string): string;
}

export interface NatsServerOptions {
  /** Holds its streams and its log; made if missing. */
  readonly directory: string;
  /** On 127.0.0.1; any free one by default. */
  readonly port?: number;
  /** infra/nats/nats.conf by default. Its users have passwords of the form `$VARIABLE`. */
  readonly configuration?: string;
}

/** The very file that production starts NATS with. */
const NATS_CONFIGURATION = resolve(import.meta.dirname, '../../../infra/nats/nats.conf');

/**
 * Starts a real nats-server with JetStream and infra/nats/nats.conf, every user with a generated password; it is ready
 * when this returns. Throws `StartupError`.
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const directory = resolve(options.directory);
  const configuration = options.configuration ?? NATS_CONFIGURATION;
  const users = usersOf(await readFile(configuration, 'utf8'));
  const name = `oio-${randomBytes(8).toString('hex')}`;
  const store = join(directory, 'jetstream');
  const server = await startBackingServer(
    {
      name: 'nats',
      binary: await requireBinary('nats-server'),
      args: (port) =>
        ['--config', configuration, '--addr', '127.0.0.1', '--port', String(port)].concat([
          '--store_dir',
          store,
          '--name',
          name,
        ]),
      environment: Object.fromEntries(users.map(({ variable, password }) => [variable, password])),
      isReady: async (port) => (await ask(port, '', /\r\n/)).includes(`"server_name":"${name}"`),
    },
    directory,
    options.port,
  );
  const urlOf = (user: string): string => {
    const known = users.find((one) => one.user === user);
    if (known === undefined) throw new StartupError(`${configuration} knows no user ${user}.`, EXIT_CODE.config);
    return `nats://${user}:${known.password}@127.0.0.1:${server.port}`;
  };
  return Object.assign(server, { users: users.map(({ user }) => user), urlOf });
}

interface NatsUser {
  readonly user: string;
  readonly variable: string;
  readonly password: string;
}

/** One password for each variable: two users may share one. */
function usersOf(configuration: string): NatsUser[] {
  const passwords = new Map<string, string>();
  return [...configuration.matchAll(USER)].map(({ groups: { user = '', variable = '' } = {} }) => {
    const password = passwords.get(variable) ?? generatedPassword();
    passwords.set(variable, password);
    return { user, variable, password };
  });
}

/** NATS reads a variable as it would its own file: what begins with a digit it takes for a number. */
function generatedPassword(): string {
  return `p${randomBytes(24).toString('hex')}`;
}

/** `user: name, password: $VARIABLE`, with or without colons, quotes and line breaks. */
const USER = /\buser(?:name)?["\s:=]+(?<user>[\w-]+)["\s,;]+pass(?:word)?["\s:=]+\$(?<variable>\w+)/g;
