import test from 'ava';
import { providerCredentials, serverEnvironment, serverPaths } from '../../src/managed-server/server-environment.ts';

const secrets = { password: 'pw', config: { share: 'disabled' } };
const environmentOf = (given: Record<string, string | undefined>) =>
  serverEnvironment(serverPaths('/data'), given, secrets);

test('a server gets what it needs, in its own home', (t) => {
  const environment = environmentOf({
    PATH: '/bin',
    LANG: 'C',
    LC_ALL: 'C',
    TZ: 'UTC',
    https_proxy: 'p',
    HOME: '/root',
    TMPDIR: '/t',
  });
  t.like(environment, { PATH: '/bin', LANG: 'C', LC_ALL: 'C', TZ: 'UTC', https_proxy: 'p' });
  t.like(environment, { HOME: '/data/home', XDG_DATA_HOME: '/data/home/.local/share', TMPDIR: '/data/tmp' });
  t.like(environment, { OPENCODE_SERVER_PASSWORD: 'pw', OPENCODE_CONFIG_CONTENT: '{"share":"disabled"}' });
  t.is(environment['OPENCODE_DISABLE_PROJECT_CONFIG'], '1');
});

test('credentials of model providers reach the server', (t) => {
  const given = {
    ANTHROPIC_API_KEY: 'a',
    OPENCODE_API_KEY: 'b',
    AWS_REGION: 'c',
    AZURE_RESOURCE_NAME: 'd',
    GOOGLE_APPLICATION_CREDENTIALS: 'e',
  };
  t.deepEqual(providerCredentials(given), given);
  t.like(environmentOf(given), given);
});

test('nothing of the platform and nothing unknown reaches the server', (t) => {
  const given = {
    DATABASE_URL: 'x',
    OIO_API_KEY: 'x',
    JWT_SECRET_KEY: 'x',
    ENCRYPTION_KEY: 'x',
    REDIS_PASSWORD: 'x',
    NATS_URL: 'x',
    PGPASSWORD: 'x',
    OPENCODE_CONFIG: 'x',
    OPENCODE_PASSWORD: 'x',
    NODE_OPTIONS: 'x',
    LD_PRELOAD: 'x',
    ANYTHING: 'x',
    MISSING: undefined,
  };
  const environment = environmentOf(given);
  t.deepEqual(
    Object.keys(given).filter((name) => name in environment),
    [],
  );
});

const MINE = { npm: '@ai-sdk/openai-compatible', options: { apiKey: 'k' }, models: { m: {} } };
const catalogueFor = (
  config: object,
  { given = {}, ...more }: { given?: Record<string, string>; authContent?: string } = {},
): string | undefined =>
  serverEnvironment(serverPaths('/data'), given, { password: 'pw', config: { ...config }, ...more })[
    'OPENCODE_MODELS_PATH'
  ];

test('a server that is told of all models it can reach gets no catalogue of others', (t) => {
  t.is(catalogueFor({ provider: { mine: MINE } }), '/data/no-models.json');
  t.is(catalogueFor({ provider: { mine: MINE }, model: 'mine/m' }), '/data/no-models.json');
});

for (const [what, config, more] of [
  ['nothing is configured', {}, {}],
  ['credentials of a provider are there', { provider: { mine: MINE } }, { given: { ANTHROPIC_API_KEY: 'a' } }],
  ['OpenCode has credentials of its own', { provider: { mine: MINE } }, { authContent: '{"anthropic":{}}' }],
  ['a provider is named without its models', { provider: { mine: MINE, anthropic: { options: { apiKey: 'k' } } } }, {}],
  ['a provider has no model', { provider: { mine: { ...MINE, models: {} } } }, {}],
  ['the default model is of another provider', { provider: { mine: MINE }, model: 'opencode/free' }, {}],
] as const) {
  test(`a server gets OpenCode's own catalogue of models when ${what}`, (t) => {
    t.is(catalogueFor(config, more), undefined);
  });
}
