import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createKeyedMutex } from '../../src/keyed-mutex.ts';
import type { Workspace } from '../../src/workspaces/workspace.ts';
import { createWorkspaces } from '../../src/workspaces/workspaces.ts';
import { createFixture, type Fixture, prepare, type Repository, sessionId } from './fixture.ts';

const id = sessionId();

async function begin(t: ExecutionContext) {
  const fixture = createFixture(t);
  const repository = fixture.repository('project', { 'sub/file': 'x' });
  return { fixture, repository, outside: outsideOf(fixture) };
}

/** A repository that sessions may not work in. */
function outsideOf(fixture: Fixture): Repository {
  const { root, revision } = fixture.repository('foreign');
  const moved = join(fixture.base, 'foreign');
  renameSync(root, moved);
  return { root: moved, revision };
}

async function inPlace({ workspaces }: Fixture, directory: string, revision: string): Promise<Workspace> {
  return workspaces.prepareWorkspace({ sessionId: sessionId(), directory, workspace: 'in_place', revision });
}

/** Everything that is done with a workspace once it is there. */
async function assertRefused(t: ExecutionContext, fixture: Fixture, workspace: Workspace, code: string): Promise<void> {
  const { workspaces } = fixture;
  const commit = workspace.baseRevision ?? '';
  const permit = () => Promise.reject(new Error('It must not come to that.'));
  await t.throwsAsync(workspaces.snapshotWorkspace({ workspace, sessionId: id }), { code }, 'snapshot');
  await t.throwsAsync(workspaces.diffWorkspace({ workspace }), { code }, 'diff');
  await t.throwsAsync(workspaces.restoreWorkspace({ workspace, commit, permit }), { code }, 'restore');
  await t.throwsAsync(workspaces.commitWorkspace({ workspace, sessionId: id, title: 'x' }), { code }, 'commit');
}

test('a directory in place that lies outside of the roots is not used', async (t) => {
  const { fixture, repository, outside } = await begin(t);
  const workspace = await inPlace(fixture, repository.root, repository.revision);
  const { root } = outside;
  await assertRefused(t, fixture, { ...workspace, path: root, root, repositoryRoot: root }, 'outside_of_roots');
  await assertRefused(t, fixture, { ...workspace, root, repositoryRoot: root }, 'outside_of_roots');
  await assertRefused(t, fixture, { ...workspace, repositoryRoot: root }, 'outside_of_roots');
});

test('a directory in place that a link has led outside of the roots since is not used', async (t) => {
  const { fixture, repository, outside } = await begin(t);
  const workspace = await inPlace(fixture, repository.root, repository.revision);
  rmSync(repository.root, { recursive: true });
  symlinkSync(outside.root, repository.root);
  await assertRefused(t, fixture, workspace, 'outside_of_roots');
});

test('a repository that reaches beyond the roots is used, in place and by a worktree', async (t) => {
  const { fixture, repository } = await begin(t);
  const { environment, worktreesDirectory } = fixture;
  const directory = join(repository.root, 'sub');
  const workspaces = createWorkspaces({
    environment,
    roots: [directory],
    worktreesDirectory,
    mutex: createKeyedMutex(),
  });
  for (const kind of ['in_place', 'worktree'] as const) {
    const { revision } = repository;
    const workspace = await workspaces.prepareWorkspace({ sessionId: id, directory, workspace: kind, revision });
    t.is(workspace.repositoryRoot, repository.root);
    t.is(await workspaces.snapshotWorkspace({ workspace, sessionId: id }), revision);
    t.like(await workspaces.diffWorkspace({ workspace }), { patch: '' });
  }
});

for (const [what, path, code] of [
  ['relative', 'project', 'not_absolute'],
  ['with a control character', '/a\nb', 'not_printable'],
  ['with NUL', '/a\0b', 'not_printable'],
  ['that is not there', '/nonexistent/a', 'outside_of_roots'],
  ['that climbs out', '/tmp/../etc', 'outside_of_roots'],
  ['empty', '', 'not_absolute'],
  ['far too long', `/${'a'.repeat(100_000)}`, 'outside_of_roots'],
] as const)
  test(`a path ${what} is refused as what it is`, async (t) => {
    const { fixture, repository } = await begin(t);
    const workspace = await inPlace(fixture, repository.root, repository.revision);
    await assertRefused(t, fixture, { ...workspace, path, root: path, repositoryRoot: path }, code);
    const worktree = await prepare(fixture, repository);
    await assertRefused(t, fixture, { ...worktree, path, root: path }, 'outside_of_roots');
    await assertRefused(t, fixture, { ...worktree, repositoryRoot: path }, code);
  });

test('a worktree elsewhere than where worktrees lie is not used', async (t) => {
  const { fixture, repository, outside } = await begin(t);
  const worktree = await prepare(fixture, repository);
  const elsewhere = join(fixture.base, 'elsewhere');
  renameSync(worktree.root, elsewhere);
  await assertRefused(t, fixture, { ...worktree, path: elsewhere, root: elsewhere }, 'outside_of_roots');
  symlinkSync(elsewhere, worktree.root);
  await assertRefused(t, fixture, worktree, 'outside_of_roots');
  rmSync(worktree.root);
  await assertRefused(t, fixture, { ...worktree, path: outside.root }, 'outside_of_roots');
});

test('a worktree of a repository that lies outside of the roots is not used', async (t) => {
  const { fixture, repository, outside } = await begin(t);
  const worktree = await prepare(fixture, repository);
  await assertRefused(t, fixture, { ...worktree, repositoryRoot: outside.root }, 'outside_of_roots');
});

test('a worktree is used while its directory is gone, or has become a link that stays in it', async (t) => {
  const { fixture, repository } = await begin(t);
  const worktree = await prepare(fixture, repository);
  const { workspaces } = fixture;
  const within = { ...worktree, path: join(worktree.root, 'sub') };
  renameSync(within.path, join(worktree.root, 'other'));
  t.like(await workspaces.diffWorkspace({ workspace: within }), { truncated: false });
  symlinkSync('other', within.path);
  t.like(await workspaces.diffWorkspace({ workspace: within }), { truncated: false });
  rmSync(within.path);
  mkdirSync(join(fixture.base, 'away'));
  symlinkSync(join(fixture.base, 'away'), within.path);
  await assertRefused(t, fixture, within, 'outside_of_roots');
});

test('a workspace whose repository is gone is refused for that reason', async (t) => {
  const { fixture, repository } = await begin(t);
  const worktree = await prepare(fixture, repository);
  rmSync(repository.root, { recursive: true });
  await assertRefused(t, fixture, worktree, 'repository_missing');
});

test('what would be an option of git or an order to it is refused', async (t) => {
  const { fixture, repository } = await begin(t);
  const worktree = await prepare(fixture, repository);
  const { workspaces } = fixture;
  const option = `--output=${fixture.base}/written`;
  const code = 'invalid';
  await t.throwsAsync(workspaces.diffWorkspace({ workspace: { ...worktree, baseRevision: option } }), { code });
  await t.throwsAsync(workspaces.diffWorkspace({ workspace: worktree, commit: option }), { code });
  const orders = `x/1 ${repository.revision}\ndelete refs/heads/main\ncreate refs/heads/y`;
  await t.throwsAsync(workspaces.snapshotWorkspace({ workspace: worktree, sessionId: orders }), { code });
});
