import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createFixture, prepare, sessionId, write } from './fixture.ts';

async function started(t: ExecutionContext) {
  const fixture = createFixture(t);
  const repository = fixture.repository('project', { 'README.md': 'hello\n', '.gitignore': 'build/\n' });
  const id = sessionId();
  const workspace = await prepare(fixture, repository, id);
  const { git } = fixture;
  const release = () => fixture.workspaces.releaseWorkspace({ workspace });
  const commit = () => fixture.workspaces.commitWorkspace({ workspace, title: 'Work', sessionId: id });
  const branches = () => git(repository.root, 'branch', '--format=%(refname:short)').trim().split('\n');
  const worktrees = () => git(repository.root, 'worktree', 'list').trim().split('\n').length;
  return { fixture, repository, id, workspace, git, release, commit, branches, worktrees };
}

test('an untouched worktree is removed together with its branch, ignored files included', async (t) => {
  const { workspace, release, branches, worktrees } = await started(t);
  write(workspace.root, { 'build/out.js': '' });
  t.deepEqual(await release(), { removed: true });
  t.false(existsSync(workspace.root));
  t.deepEqual(branches(), ['main']);
  t.is(worktrees(), 1);
  t.deepEqual(await release(), { removed: true }, 'a second time');
});

test('a worktree with untracked, modified or staged files is kept', async (t) => {
  const { workspace, git, release } = await started(t);
  const kept = { removed: false, reason: 'uncommitted' } as const;
  write(workspace.root, { new: '' });
  t.deepEqual(await release(), kept);
  git(workspace.root, 'add', 'new');
  t.deepEqual(await release(), kept);
  git(workspace.root, 'reset', '--quiet');
  renameSync(join(workspace.root, 'new'), join(workspace.root, 'README.md'));
  t.deepEqual(await release(), kept);
  t.true(existsSync(workspace.root));
});

test('a worktree with a commit is kept until a branch of the user holds it', async (t) => {
  const { repository, workspace, git, release, commit, branches } = await started(t);
  write(workspace.root, { new: '' });
  await commit();
  t.deepEqual(await release(), { removed: false, reason: 'unmerged' });
  git(repository.root, 'merge', '--quiet', '--no-ff', '--message=merge', workspace.branch);
  t.deepEqual(await release(), { removed: true });
  t.deepEqual(branches(), ['main']);
});

test('the branch of another session does not count as a place where work is safe', async (t) => {
  const { repository, workspace, git, release, commit } = await started(t);
  write(workspace.root, { new: '' });
  await commit();
  git(repository.root, 'branch', 'oio/ffffffffffff', workspace.branch);
  t.deepEqual(await release(), { removed: false, reason: 'unmerged' });
});

test('commits that only a detached HEAD holds keep the worktree', async (t) => {
  const { workspace, git, release } = await started(t);
  git(workspace.root, 'checkout', '--quiet', '--detach');
  git(workspace.root, 'commit', '--quiet', '--allow-empty', '--message=x');
  t.deepEqual(await release(), { removed: false, reason: 'unmerged' });
});

test('a branch that the agent set back behind the base may go', async (t) => {
  const { fixture, repository, git } = await started(t);
  git(repository.root, 'commit', '--quiet', '--allow-empty', '--message=second');
  const revision = git(repository.root, 'rev-parse', 'HEAD').trim();
  const workspace = await prepare(fixture, { root: repository.root, revision });
  git(workspace.root, 'reset', '--quiet', '--hard', repository.revision);
  git(repository.root, 'checkout', '--quiet', '--orphan', 'other');
  git(repository.root, 'branch', '-D', 'main');
  t.deepEqual(await fixture.workspaces.releaseWorkspace({ workspace }), { removed: true });
});

test('a repository inside of the worktree keeps it, committed as a link or not', async (t) => {
  const { repository, workspace, git, release, commit } = await started(t);
  git(workspace.root, 'init', '--quiet', 'nested');
  await commit();
  t.deepEqual(await release(), { removed: false, reason: 'uncommitted' });
  const user = ['-c', 'user.name=a', '-c', 'user.email=b'];
  git(join(workspace.root, 'nested'), ...user, 'commit', '--quiet', '--allow-empty', '--message=x');
  t.regex((await commit()).warnings[0] ?? '', /embedded git repository/);
  git(repository.root, 'merge', '--quiet', workspace.branch);
  t.deepEqual(await release(), { removed: false, reason: 'refused' });
  t.true(existsSync(join(workspace.root, 'nested/.git')));
});

test('a deleted worktree is forgotten, its unmerged branch is kept', async (t) => {
  const { workspace, repository, git, release, commit, branches, worktrees } = await started(t);
  write(workspace.root, { new: '' });
  await commit();
  rmSync(workspace.root, { recursive: true });
  t.deepEqual(await release(), { removed: false, reason: 'unmerged' });
  git(repository.root, 'merge', '--quiet', workspace.branch);
  t.deepEqual(await release(), { removed: true });
  t.deepEqual(branches(), ['main']);
  t.is(worktrees(), 1);
});

test('a released session can be prepared again', async (t) => {
  const { fixture, repository, id, workspace, release } = await started(t);
  await release();
  t.deepEqual(await prepare(fixture, repository, id), workspace);
  t.true(existsSync(join(workspace.root, 'README.md')));
});

test('a repository that is gone, and a workspace in place, are left alone', async (t) => {
  const { fixture, repository, workspace, release } = await started(t);
  renameSync(repository.root, `${repository.root}-moved`);
  t.deepEqual(await release(), { removed: false, reason: 'repository_missing' });
  t.true(existsSync(workspace.root));
  const directory = join(fixture.projects, 'plain');
  mkdirSync(directory);
  const inPlace = await fixture.workspaces.prepareWorkspace({
    sessionId: sessionId(),
    directory,
    workspace: 'in_place',
    revision: null,
  });
  t.deepEqual(await fixture.workspaces.releaseWorkspace({ workspace: inPlace }), {
    removed: false,
    reason: 'in_place',
  });
  t.true(existsSync(directory));
});
