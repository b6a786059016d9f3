import { StartupError } from '@oio/errors';
import { parseConfig } from '@oio/runtime';
import test from 'ava';
import { platformConfig } from '../src/config.ts';
import { requireSecrets } from '../src/require-secrets.ts';

const GIVEN = {
  DATABASE_URL: 'postgres://oio:f3a1b2c4d5@db:5432/oio',
  NATS_URL: 'nats://scheduler:9d8c7b6a5f@nats:4222',
};

test('a database and NATS are all that has to be given', (t) => {
  const config = parseConfig(platformConfig, GIVEN);
  t.like(config, { ...GIVEN, REDIS_URL: undefined, LOG_LEVEL: 'info', HEALTH_HOST: '127.0.0.1', HEALTH_PORT: 0 });
  t.notThrows(() => requireSecrets(config));
});

test('what is missing or wrong is named, and its value is not told', (t) => {
  const given = { DATABASE_URL: 'mysql://oio:hunter2@db/oio', NATS_URL: 'nats', REDIS_URL: 'http://:hunter2@r' };
  const error = t.throws(() => parseConfig(platformConfig, given), { instanceOf: StartupError });
  for (const name of Object.keys(given)) t.true(error.message.includes(name), name);
  t.notRegex(error.message, /hunter2/);
  const none = t.throws(() => parseConfig(platformConfig, {}), { instanceOf: StartupError });
  t.regex(none.message, /DATABASE_URL: is needed and not set\n {2}NATS_URL: is needed and not set/);
});

for (const [title, url] of Object.entries({
  'a NATS server over TLS, which there is not,': 'tls://scheduler:hunter2@nats:4222',
  'a comma behind the last NATS server': `${GIVEN.NATS_URL},`,
}))
  test(`${title} is a wrong setting that is named`, (t) => {
    const error = t.throws(() => parseConfig(platformConfig, { ...GIVEN, NATS_URL: url }), {
      instanceOf: StartupError,
    });
    t.regex(error.message, /NATS_URL: must look like nats:/);
  });

for (const [name, url] of Object.entries({
  DATABASE_URL: 'postgres://oio:50%hunter2@db/oio',
  NATS_URL: 'nats://n1,nats://scheduler:50%hunter2@n2',
  REDIS_URL: 'redis://:50%hunter2@r',
}))
  test(`a password in ${name} that is not percent-encoded is a wrong setting, not a defect`, (t) => {
    const error = t.throws(() => parseConfig(platformConfig, { ...GIVEN, [name]: url }), { instanceOf: StartupError });
    t.is(
      error.message,
      `Wrong settings:\n  ${name}: must have its user and password percent-encoded: a % in them is %25`,
    );
    t.notThrows(() => parseConfig(platformConfig, { ...GIVEN, [name]: url.replace('%', '%25') }));
  });

const REFUSED: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
  ['a database without a password', { DATABASE_URL: 'postgres://oio@db/oio' }, /DATABASE_URL: needs a password/],
  ['NATS without a password', { NATS_URL: 'nats://nats:4222' }, /NATS_URL: needs a password/],
  ['one NATS server of two without a password', { NATS_URL: `${GIVEN.NATS_URL},nats://n2` }, /NATS_URL: needs/],
  ['Redis without a password', { REDIS_URL: 'redis://redis:6379' }, /REDIS_URL: needs a password/],
  ["the example's database password", { DATABASE_URL: 'postgres://oio:changeme@db/oio' }, /DATABASE_URL: holds/],
  ["the example's Redis password", { REDIS_URL: 'redis://:development@redis' }, /REDIS_URL: holds a password that/],
];

for (const [title, wrong, message] of REFUSED) {
  test(`production refuses ${title}, development does not`, (t) => {
    const production = parseConfig(platformConfig, { ...GIVEN, ...wrong, NODE_ENV: 'production' });
    const error = t.throws(() => requireSecrets(production), { instanceOf: StartupError });
    t.regex(error.message, message);
    t.is(error.exitCode, 78);
    t.notThrows(() => requireSecrets(parseConfig(platformConfig, { ...GIVEN, ...wrong })));
  });
}

test('production refuses a secret of a service that stands in an example', (t) => {
  const config = parseConfig(platformConfig, { ...GIVEN, NODE_ENV: 'production' });
  for (const key of ['change-me', ['3f9a0c51', 'development-key-of-32-characters'], 'x'.repeat(32)])
    t.throws(() => requireSecrets({ ...config, ENCRYPTION_KEY: key }), {
      message: /ENCRYPTION_KEY: holds a password that everybody knows/,
    });
});

test('a health port that others can reach needs a token, everywhere', (t) => {
  const open = { ...GIVEN, HEALTH_HOST: '0.0.0.0' };
  t.throws(() => requireSecrets(parseConfig(platformConfig, open)), { message: /HEALTH_TOKEN: is needed/ });
  const guarded = { ...open, HEALTH_TOKEN: 'x'.repeat(32) };
  t.notThrows(() => requireSecrets(parseConfig(platformConfig, guarded)));
  for (const host of ['127.0.0.1', '127.8.0.1', '::1', '[::1]', 'localhost'])
    t.notThrows(() => requireSecrets(parseConfig(platformConfig, { ...GIVEN, HEALTH_HOST: host })), host);
});
