import { EXIT_CODE } from '@oio/errors';
import test from 'ava';
import { requireGit } from '../../src/workspaces/require-git.ts';

test('a process without git does not start, and says why', async (t) => {
  await t.notThrowsAsync(requireGit({ environment: { PATH: process.env['PATH'] } }));
  const missing = await t.throwsAsync(requireGit({ environment: { PATH: '/nonexistent' } }));
  t.like(missing, { name: 'StartupError', exitCode: EXIT_CODE.unavailable });
  t.regex(missing?.message ?? '', /git is not installed/);
});
