import { diffWorkspace, inspectPlace, metricsExposition, sessionMetrics, type Violation } from '@oio/contracts';
import { executionMetrics, readSnapshot, type StoredSession } from '@oio/domain';
import { UnavailableError } from '@oio/errors';
import { createInProcessBus } from '@oio/messaging';
import { createInProcessOwnerDirectory, createSessionRouter } from '@oio/ownership';
import { storedSession } from '@oio/persistence';
import { openTestDatabase, type TestDatabase } from '@oio/persistence/testing';
import { createLogger, createSetClock } from '@oio/runtime';
import type { TestFn } from 'ava';
import {
  createApiKeyAuthenticator,
  httpGatewayConfig,
  type HttpGatewayPorts,
  LIMITS,
  type Limits,
  startHttpGateway,
} from '../../src/index.ts';
import { FakeSessionActor } from './fake-session-actor.ts';

export const KEYS = {
  alice: 'alice-key-0123456789-0123456789-0123',
  /** Of the same tenant as alice, and may only read. */
  reader: 'reader-key-0123456789-0123456789-012',
  /** Of another tenant. */
  bob: 'bob-key-0123456789-0123456789-012345',
  /** Of whoever runs the installation. */
  operator: 'operator-key-0123456789-0123456789-0',
} as const;

export interface Api extends AsyncDisposable {
  readonly url: string;
  readonly bus: HttpGatewayPorts['bus'];
  readonly actor: FakeSessionActor;
  readonly database: TestDatabase['database'];
  /** Every line of the log. */
  readonly log: string[];
  /** A request with alice's key and JSON, unless the options say otherwise. */
  fetch(path: string, options?: FetchOptions): Promise<Response>;
  /** One more gateway beside this one, on the same bus and database. */
  another(): Promise<Gateway>;
}

export type Gateway = Pick<Api, 'url' | 'fetch' | typeof Symbol.asyncDispose>;

export interface FetchOptions extends Omit<RequestInit, 'headers'> {
  readonly json?: unknown;
  /** Null: no credentials. */
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
}

export interface ApiOptions {
  readonly limits?: Partial<Limits>;
  readonly environment?: Record<string, string>;
  /** Of the router as much as is to be another one. */
  readonly ports?: Partial<Omit<HttpGatewayPorts, 'router'>> & {
    readonly router?: Partial<HttpGatewayPorts['router']>;
  };
}

/** The router, but for what the options replace. */
function inPart(router: HttpGatewayPorts['router'], ports: ApiOptions['ports']): HttpGatewayPorts['router'] {
  const other = ports?.router;
  // Not spread: the methods of a class would be left behind.
  return {
    send: (...order) => other?.send?.(...order) ?? router.send(...order),
    sendToAny: (...order) => other?.sendToAny?.(...order) ?? router.sendToAny(...order),
  };
}

/** The real API on a free port, with a real Postgres and fakes of the other services. */
export async function startApi(
  database: TestDatabase['database'],
  { limits, environment, ports }: ApiOptions = {},
): Promise<Api> {
  await using stack = new AsyncDisposableStack();
  const clock = createSetClock();
  const bus = stack.use(createInProcessBus());
  const router = createSessionRouter(bus, stack.use(createInProcessOwnerDirectory()));
  const actor = await FakeSessionActor.serve({ bus, database, clock });
  await serveOthers({ bus, database, clock });
  const log: string[] = [];
  const logger = createLogger('http-gateway', {
    level: 'debug',
    destination: { write: (line: string) => void log.push(line) },
  });
  const config = httpGatewayConfig.parse({ API_PORT: '0', ...environment });
  const others = { authenticator: authenticator(), ...ports, router: inPart(router, ports) };
  const given = { bus, database, clock, logger, ...others };
  const start = async (): Promise<Gateway> => {
    const gateway = await startHttpGateway(config, given, { ...LIMITS, ...limits });
    return {
      url: gateway.url,
      fetch: (path, options = {}) => fetch(`${gateway.url}${path}`, requestOf(options)),
      [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
    };
  };
  const { url, fetch: ask } = stack.use(await start());
  const running = stack.move();
  return {
    url,
    bus,
    actor,
    database,
    log,
    fetch: ask,
    another: start,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function requestOf({ json, key = KEYS.alice, headers, ...options }: FetchOptions): RequestInit {
  return {
    method: json === undefined ? 'GET' : 'POST',
    ...options,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  };
}

/** One database for the tests of a file; gone afterwards, also when they fail. */
export function withDatabase(test: TestFn): () => TestDatabase['database'] {
  let opened: TestDatabase | undefined;
  test.before(async () => {
    opened = await openTestDatabase();
  });
  test.after.always(async () => {
    await opened?.[Symbol.asyncDispose]();
  });
  return () => {
    if (!opened) throw new Error('The database of the tests is not open yet.');
    return opened.database;
  };
}

/** A session that is well-formed; the fields given replace those of it. */
export function draft(fields: Record<string, unknown> = {}) {
  return { title: 'Add a health check', prompt: 'Add GET /health to the server.', ...fields };
}

function authenticator() {
  const all = ['read', 'write'] as const;
  return createApiKeyAuthenticator([
    { key: KEYS.alice, principal: { id: 'alice', tenant: 'acme', scopes: all } },
    { key: KEYS.reader, principal: { id: 'reader', tenant: 'acme', scopes: ['read'] } },
    { key: KEYS.operator, principal: { id: 'root', tenant: 'ops', scopes: ['read', 'write', 'operator'] } },
    { key: KEYS.bob, principal: { id: 'bob', tenant: 'globex', scopes: all } },
  ]);
}

/** Places: a directory is there unless its name says "missing"; models other than those of "known/" and "usual/" are not; nobody knows of "unasked/". */
async function serveOthers({
  bus,
  database,
  clock,
}: Pick<HttpGatewayPorts, 'bus' | 'database' | 'clock'>): Promise<void> {
  await bus.serve(inspectPlace, async ({ payload: { directory, models } }) => {
    if (models.some(({ model }) => model.startsWith('unasked/'))) throw new UnavailableError('No server is up.');
    const violations: Violation[] = models
      .filter(({ model }) => !/^(?:known|usual)\//.test(model))
      .map(({ field, model }) => ({ field, code: 'unknown_model', message: `The server does not have ${model}.` }));
    if (directory?.includes('missing'))
      violations.push({ field: 'directory', code: 'not_found', message: 'directory does not exist.' });
    return {
      place: { directory: directory ?? '/srv/project', workspace: 'in_place' as const, repository: null },
      violations,
      defaultModel: 'usual/one',
    };
  });
  await bus.serve(
    diffWorkspace,
    async ({ payload }) => ({ diff: { files: [], patch: payload.workspace.path, truncated: false } }),
    { at: 'server.opencode-1' },
  );
  await bus.serve(sessionMetrics, async ({ payload: { sessionId } }) => {
    const sql = `select ${storedSession('sessions')} from sessions where id = $1::uuid`;
    const [row] = await database.query<StoredSession>(sql, [sessionId]);
    const snapshot = row && readSnapshot(row);
    if (!snapshot) throw new Error('no such session');
    return executionMetrics(snapshot, clock.now());
  });
  await bus.serve(metricsExposition, async () => ({ contentType: 'text/plain; version=0.0.4', body: 'oio_up 1\n' }));
}
