import test from 'ava';
import { applyArguments } from '../src/arguments.ts';

test('arguments go before the environment, and paths are seen from where the command was given', (t) => {
  const environment = { OIO_DATA_DIR: '/srv/oio', LOG_LEVEL: 'debug' };
  const args = ['--root', '.', '--root', '/elsewhere', '--data', '../data', '--port', '0'];
  t.deepEqual(applyArguments(args, { environment, currentDirectory: '/home/ada/sums' }), {
    LOG_LEVEL: 'debug',
    WORKSPACE_ROOTS: '/home/ada/sums:/elsewhere',
    OIO_DATA_DIR: '/home/ada/data',
    API_PORT: '0',
  });
});
