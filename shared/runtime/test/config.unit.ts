import { EXIT_CODE, StartupError } from '@oio/errors';
import test from 'ava';
import { z } from 'zod';
import { parseConfig } from '../src/config.ts';

const schema = z.object({
  API_PORT: z.coerce.number().int().min(1).max(65_535).default(8_000),
  DATABASE_URL: z.string(),
  JWT_SECRET_KEY: z.string().min(32),
  LOG_LEVEL: z.enum(['info', 'debug']).default('info'),
});
const sound = { DATABASE_URL: 'postgres://h/d', JWT_SECRET_KEY: 'k'.repeat(32) };

test('settings come from the record, with their defaults, and nothing else does', (t) => {
  const config = parseConfig(schema, { ...sound, API_PORT: '9000', HOME: '/root' });
  t.deepEqual(config, { ...sound, API_PORT: 9_000, LOG_LEVEL: 'info' });
});

test('an empty variable counts as not set', (t) => {
  t.is(parseConfig(schema, { ...sound, API_PORT: '', LOG_LEVEL: undefined }).API_PORT, 8_000);
});

test('every wrong variable is named in one error, whose exit code says that a setting is wrong', (t) => {
  const environment = { API_PORT: '70000', JWT_SECRET_KEY: 'hunter2', LOG_LEVEL: 'loud' };
  const error = t.throws(() => parseConfig(schema, environment), { instanceOf: StartupError });
  t.is(error.exitCode, EXIT_CODE.config);
  const lines = error.message.split('\n');
  t.is(lines[0], 'Wrong settings:');
  t.deepEqual(
    lines.slice(1).map((line) => line.split(':')[0]?.trim()),
    ['API_PORT', 'DATABASE_URL', 'JWT_SECRET_KEY', 'LOG_LEVEL'],
  );
  t.true(lines.includes('  DATABASE_URL: is needed and not set'));
});

test('what is missing is told with the name that nearly is it', (t) => {
  const { DATABASE_URL, ...rest } = sound;
  t.throws(() => parseConfig(schema, { ...rest, DATABSE_URL: DATABASE_URL }), {
    message: 'Wrong settings:\n  DATABASE_URL: is needed and not set; DATABSE_URL is',
  });
});

test('a wrong value is not repeated, because it may be a secret', (t) => {
  const error = t.throws(() => parseConfig(schema, { ...sound, JWT_SECRET_KEY: 'hunter2', API_PORT: 'hunter2' }), {
    instanceOf: StartupError,
  });
  t.notRegex(error.message, /hunter2/);
});

test('a rule about several variables is told in its own words', (t) => {
  const both = schema.refine(() => false, 'API_PORT and LOG_LEVEL do not go together.');
  const error = t.throws(() => parseConfig(both, sound), { instanceOf: StartupError });
  t.is(error.message, 'Wrong settings:\n  API_PORT and LOG_LEVEL do not go together.');
});
