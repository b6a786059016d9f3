import test from 'ava';
import { makeRepository, manifest } from './make-repository.ts';
import { checkDeadCode } from './steps.ts';

const LIVE = {
  'services/alpha/package.json': manifest('@oio/alpha', ['@oio/beta']),
  'services/alpha/src/index.ts': "export { serve } from './serve.ts';\n",
  'services/alpha/src/main.ts': "import { serve } from './serve.ts';\nserve();\n",
  'services/alpha/src/serve.ts': "import { shown } from '@oio/beta';\nexport const serve = (): number => shown;\n",
  'services/alpha/test/serve.test.ts': "import { serve } from '../src/index.ts';\nserve();\n",
  'shared/beta/package.json': manifest('@oio/beta'),
  'shared/beta/src/index.ts': "export * from './shown.ts';\n",
  'shared/beta/src/shown.ts': 'export const shown = 1;\n',
};

test('dead code of each kind is reported, in services and in shared packages', async (t) => {
  const root = await makeRepository(t, {
    ...LIVE,
    'services/alpha/package.json': manifest('@oio/alpha', ['@oio/beta', 'never-imported']),
    'services/alpha/src/serve.ts': `${LIVE['services/alpha/src/serve.ts']}export const deadInService = 1;\n`,
    'services/alpha/src/forgotten.ts': 'export const forgotten = 1;\n',
    'services/alpha/src/unlisted.ts': "import 'not-in-package-json';\n",
    'services/alpha/src/main.ts': "import './unlisted.ts';\nimport { serve } from './serve.ts';\nserve();\n",
    'shared/beta/src/shown.ts': 'export const shown = 1;\nexport const deadBehindTheEntry = 2;\n',
  });
  const problems = (await checkDeadCode(root)).join('\n');
  t.regex(problems, /deadInService/);
  t.regex(problems, /deadBehindTheEntry/);
  t.regex(problems, /forgotten\.ts/);
  t.regex(problems, /never-imported/);
  t.regex(problems, /not-in-package-json/);
});

test('what is used, also across packages and by tests alone, is not reported', async (t) => {
  const root = await makeRepository(t, LIVE);
  const problems = (await checkDeadCode(root)).join('\n');
  t.notRegex(problems, /services\/alpha|shared\/beta/);
});
