import test from 'ava';
import { misspelled } from '../src/misspelled.ts';

const SETTINGS = ['API_HOST', 'API_PORT', 'DATABASE_URL', 'MAX_CONCURRENT_SESSIONS'];

for (const [name, meant] of Object.entries({
  DATABASE_URLL: 'DATABASE_URL',
  DATABASE_UR: 'DATABASE_URL',
  DATABSAE_URL: 'DATABASE_URL',
  DATABASE_URI: 'DATABASE_URL',
  MAX_CONCURENT_SESSIONS: 'MAX_CONCURRENT_SESSIONS',
}))
  test(`by ${name} ${meant} is meant`, (t) => {
    t.deepEqual(misspelled(SETTINGS, { [name]: 'x' }), [{ name, meant }]);
  });

test('a setting is not misspelled, though it be like another one, nor is what else stands in an environment', (t) => {
  const names = ['API_HOST', 'API_PORT', 'PATH', 'DATABASE', 'DATABASE_URL_OLD', 'URL', ''];
  t.deepEqual(misspelled(SETTINGS, Object.fromEntries(names.map((name) => [name, 'x']))), []);
});
