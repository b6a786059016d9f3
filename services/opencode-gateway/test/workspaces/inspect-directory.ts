import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createFixture, type Fixture, write } from './fixture.ts';

async function inspected(fixture: Fixture, directory: string) {
  const result = await fixture.workspaces.inspectDirectory({ directory });
  if ('violations' in result) throw new Error(JSON.stringify(result.violations));
  return result;
}

async function refused(t: ExecutionContext, fixture: Fixture, directory: string, code: string): Promise<string> {
  const result = await fixture.workspaces.inspectDirectory({ directory });
  const [violation] = 'violations' in result ? result.violations : [];
  t.like(violation, { field: 'directory', code }, directory);
  return violation?.message ?? '';
}

test('a repository is found with the commit that it is at', async (t) => {
  const fixture = createFixture(t);
  const { root, revision } = fixture.repository('a project');
  const expected = { directory: root, repository: { root, revision, subdirectory: '' } };
  t.deepEqual(await inspected(fixture, root), expected);
  t.deepEqual(await inspected(fixture, `${root}/./../a project/`), expected);
});

test('a repository without commits has no revision', async (t) => {
  const fixture = createFixture(t);
  const root = join(fixture.projects, 'empty');
  fixture.git(fixture.projects, 'init', '--quiet', 'empty');
  t.deepEqual(await inspected(fixture, root), {
    directory: root,
    repository: { root, revision: null, subdirectory: '' },
  });
});

test('a directory without git is fine', async (t) => {
  const fixture = createFixture(t);
  t.deepEqual(await inspected(fixture, fixture.projects), { directory: fixture.projects, repository: null });
});

test('a symbolic link inside of the roots is resolved', async (t) => {
  const fixture = createFixture(t);
  const { root } = fixture.repository('real');
  symlinkSync(root, join(fixture.projects, 'link'));
  t.is((await inspected(fixture, join(fixture.projects, 'link'))).directory, root);
});

test('a subdirectory is told apart from the root of its repository', async (t) => {
  const fixture = createFixture(t);
  const { root, revision } = fixture.repository('mono', { 'packages/-ä "b"/index.ts': '' });
  const { repository } = await inspected(fixture, join(root, 'packages/-ä "b"'));
  t.deepEqual(repository, { root, revision, subdirectory: 'packages/-ä "b"' });
});

test('a subdirectory that the commit does not hold counts as without git', async (t) => {
  const fixture = createFixture(t);
  const { root } = fixture.repository('mono');
  write(root, { 'build/out.js': '' });
  t.is((await inspected(fixture, join(root, 'build'))).repository, null);
});

test('a detached HEAD, a linked worktree and a submodule are repositories', async (t) => {
  const fixture = createFixture(t);
  const { root, revision } = fixture.repository('main');
  const library = fixture.repository('library', { 'lib.ts': '' });
  fixture.git(root, 'worktree', 'add', '--quiet', '-b', 'feature', '../linked');
  fixture.git(root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library.root, 'sub');
  fixture.git(root, 'checkout', '--quiet', '--detach');
  t.is((await inspected(fixture, root)).repository?.revision, revision);
  const linked = join(fixture.projects, 'linked');
  t.deepEqual((await inspected(fixture, linked)).repository, { root: linked, revision, subdirectory: '' });
  const sub = join(root, 'sub');
  t.deepEqual((await inspected(fixture, sub)).repository, { root: sub, revision: library.revision, subdirectory: '' });
});

test('the inside of a git directory and a bare repository are refused', async (t) => {
  const fixture = createFixture(t);
  const { root } = fixture.repository('a');
  fixture.git(fixture.projects, 'init', '--quiet', '--bare', 'bare');
  await refused(t, fixture, join(root, '.git'), 'inside_git_directory');
  await refused(t, fixture, join(root, '.git/refs'), 'inside_git_directory');
  await refused(t, fixture, join(fixture.projects, 'bare'), 'inside_git_directory');
});

test('a damaged repository is refused, not taken for a directory without git', async (t) => {
  const fixture = createFixture(t);
  const { root } = fixture.repository('a');
  writeFileSync(join(root, '.git/config'), '[core\n');
  await refused(t, fixture, root, 'repository_unusable');
  rmSync(join(root, '.git'), { recursive: true });
  writeFileSync(join(root, '.git'), 'gitdir: /nowhere\n');
  await refused(t, fixture, root, 'repository_unusable');
});

test('a path that is no directory is refused', async (t) => {
  const fixture = createFixture(t);
  write(fixture.projects, { file: '' });
  await refused(t, fixture, join(fixture.projects, 'nothing'), 'not_found');
  await refused(t, fixture, join(fixture.projects, 'file'), 'not_a_directory');
  await refused(t, fixture, join(fixture.projects, 'file/below'), 'not_found');
  await refused(t, fixture, 'projects', 'not_absolute');
  await refused(t, fixture, '', 'not_absolute');
  await refused(t, fixture, `${fixture.projects}\0/etc`, 'not_printable');
});

test('a long path is refused without repeating it', async (t) => {
  const fixture = createFixture(t);
  const message = await refused(t, fixture, join(fixture.projects, 'x'.repeat(5_000)), 'not_found');
  t.true(message.length < 300);
});

test('a path outside of the roots is refused, and the answer does not tell whether it exists', async (t) => {
  const fixture = createFixture(t);
  mkdirSync(join(fixture.base, 'projects-twin'));
  symlinkSync(fixture.base, join(fixture.projects, 'escape'));
  const outside = ['/', '/etc', '/etc/nothing', join(fixture.base, 'projects-twin'), `${fixture.projects}/..`];
  const through = ['escape', 'escape/projects-twin', 'escape/nothing'].map((path) => join(fixture.projects, path));
  for (const path of [...outside, ...through]) await refused(t, fixture, path, 'outside_of_roots');
});

test('a repository of another user is refused with the remedy', async (t) => {
  const directory = createFixture(t).base;
  // What git's own tests use; a real other owner needs the rights of root.
  const wrapper = '#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 PATH="$REAL_PATH" exec git "$@"\n';
  write(directory, { 'bin/git': wrapper.replace('$REAL_PATH', process.env['PATH'] ?? '') });
  chmodSync(join(directory, 'bin/git'), 0o755);
  const fixture = createFixture(t, { PATH: `${directory}/bin:${process.env['PATH']}` });
  const root = join(fixture.projects, 'theirs');
  mkdirSync(join(root, '.git'), { recursive: true });
  write(root, { '.git/HEAD': 'ref: refs/heads/main\n', '.git/objects/x': '', '.git/refs/x': '', '.git/config': '' });
  const message = await refused(t, fixture, root, 'dubious_ownership');
  t.true(message.includes(`git config --global --add safe.directory '${root}'`));
});

test('without git there is an error that says so', async (t) => {
  const fixture = createFixture(t, { PATH: '/nonexistent' });
  mkdirSync(join(fixture.projects, '.git'));
  const inspecting = fixture.workspaces.inspectDirectory({ directory: fixture.projects });
  await t.throwsAsync(inspecting, { code: 'git_missing' });
});
