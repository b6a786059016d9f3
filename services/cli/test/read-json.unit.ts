import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { InvalidError } from '@oio/errors';
import test from 'ava';
import { program } from '../src/program.ts';

for (const command of ['graph', 'batch', 'limits set']) {
  test(`oio ${command} says which file cannot be read, and which holds no JSON`, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'oio-cli-'));
    t.teardown(() => rm(directory, { recursive: true }));
    const [missing, broken] = [join(directory, 'missing.json'), join(directory, 'broken.json')];
    await writeFile(broken, '{"sessions": [');
    // As npm says where the command was given.
    const environment = { OIO_URL: 'http://127.0.0.1:1', OIO_API_KEY: 'k', INIT_CWD: directory };
    const run = (file: string) => {
      const oio = program(environment, new PassThrough());
      return oio.parseAsync(['node', 'oio', ...command.split(' '), file]);
    };
    await t.throwsAsync(run(missing), { instanceOf: InvalidError, message: /missing\.json, and it cannot be read/ });
    await t.throwsAsync(run(broken), { instanceOf: InvalidError, message: /broken\.json does not hold JSON/ });
    await t.throwsAsync(run('broken.json'), { message: /^broken\.json does not hold JSON/ });
  });
}
