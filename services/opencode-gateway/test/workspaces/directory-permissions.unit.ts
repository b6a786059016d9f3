import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createFixture } from './fixture.ts';

const NOBODY = 65_534;

// Root may do everything, so the process that looks gives up its rights once its code is loaded.
const LOOK = `
  const [module, directory, roots, path] = process.argv.slice(1);
  const { createWorkspaces } = await import(module);
  const workspaces = createWorkspaces({
    environment: { PATH: path, HOME: '/nonexistent' }, roots: [roots], worktreesDirectory: '/nonexistent',
  });
  if (process.getuid() === 0) {
    process.setgroups([]);
    process.setgid(${NOBODY});
    process.setuid(${NOBODY});
  }
  console.log(JSON.stringify(await workspaces.inspectDirectory({ directory })));
`;

test('a directory that the service may not write is refused', (t) => {
  const { base, projects, environment } = createFixture(t);
  const module = new URL('../../src/workspaces/workspaces.ts', import.meta.url).href;
  const locked = join(projects, 'locked');
  mkdirSync(locked);
  for (const path of [base, projects, locked]) {
    chmodSync(path, 0o755);
    if (process.getuid?.() === 0) chownSync(path, NOBODY, NOBODY);
  }
  const look = () => {
    const args = ['--input-type=module', '--eval', LOOK, module, locked, projects, environment['PATH'] ?? ''];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    return stdout || stderr;
  };
  t.deepEqual(JSON.parse(look()), { directory: locked, repository: null });
  chmodSync(locked, 0o555);
  t.true(look().includes('"not_accessible"'));
  chmodSync(locked, 0o755);
});
