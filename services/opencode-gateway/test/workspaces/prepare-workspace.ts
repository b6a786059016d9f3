import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createFixture, prepare, sessionId, write } from './fixture.ts';

test('a session gets a worktree and a branch of its own, at the revision that it was accepted at', async (t) => {
  const fixture = createFixture(t);
  const { git } = fixture;
  const repository = fixture.repository('project');
  git(repository.root, 'commit', '--quiet', '--allow-empty', '--message=later');
  const id = sessionId();
  const workspace = await prepare(fixture, repository, id);
  const path = join(fixture.worktreesDirectory, id);
  t.deepEqual(workspace, {
    path,
    root: path,
    kind: 'worktree',
    branch: `oio/${id.slice(-12)}`,
    baseRevision: repository.revision,
    repositoryRoot: repository.root,
  });
  t.is(git(path, 'symbolic-ref', '--short', 'HEAD').trim(), `oio/${id.slice(-12)}`);
  t.is(git(path, 'rev-parse', 'HEAD').trim(), repository.revision);
  t.is(git(path, 'status', '--porcelain'), '');
  t.is(readFileSync(join(path, 'README.md'), 'utf8'), 'hello\n');
  for (const directory of [path, fixture.worktreesDirectory]) t.is(statSync(directory).mode & 0o777, 0o700);
});

test('a subdirectory is worked in at the same place of the worktree', async (t) => {
  const fixture = createFixture(t);
  const { root, revision } = fixture.repository('mono', { 'packages/a/index.ts': 'a' });
  const directory = join(root, 'packages/a');
  const workspace = await fixture.workspaces.prepareWorkspace({
    sessionId: sessionId(),
    directory,
    workspace: 'worktree',
    revision,
  });
  t.is(workspace.path, join(workspace.root, 'packages/a'));
  t.is(readFileSync(join(workspace.path, 'index.ts'), 'utf8'), 'a');
});

test('a subdirectory that is a link out of the worktree in the commit is refused', async (t) => {
  const fixture = createFixture(t);
  const { root } = fixture.repository('mono', { 'b/file': '' });
  symlinkSync('/tmp', join(root, 'a'));
  fixture.git(root, 'add', 'a');
  fixture.git(root, 'commit', '--quiet', '--message=link');
  const revision = fixture.git(root, 'rev-parse', 'HEAD').trim();
  rmSync(join(root, 'a'));
  mkdirSync(join(root, 'a'));
  const options = { sessionId: sessionId(), directory: join(root, 'a'), workspace: 'worktree', revision } as const;
  await t.throwsAsync(fixture.workspaces.prepareWorkspace(options), { code: 'not_a_directory' });
});

test('without git, without a commit, and on request a session works in place', async (t) => {
  const fixture = createFixture(t);
  const { root, revision } = fixture.repository('project');
  const plain = join(fixture.projects, 'plain');
  mkdirSync(plain);
  fixture.git(fixture.projects, 'init', '--quiet', 'empty');
  const ask = (directory: string, workspace: 'worktree' | 'in_place', at: string | null) =>
    fixture.workspaces.prepareWorkspace({ sessionId: sessionId(), directory, workspace, revision: at });
  const inPlace = { kind: 'in_place', branch: null };
  t.like(await ask(plain, 'worktree', null), { ...inPlace, path: plain, repositoryRoot: null, baseRevision: null });
  t.like(await ask(join(fixture.projects, 'empty'), 'worktree', null), { ...inPlace, baseRevision: null });
  t.like(await ask(root, 'in_place', revision), {
    ...inPlace,
    path: root,
    repositoryRoot: root,
    baseRevision: revision,
  });
  t.false(existsSync(fixture.worktreesDirectory));
});

test('preparing again gives the same workspace with the work in it', async (t) => {
  const fixture = createFixture(t);
  const repository = fixture.repository('project');
  const id = sessionId();
  const first = await prepare(fixture, repository, id);
  write(first.root, { 'README.md': 'changed', new: 'new' });
  rmSync(join(first.root, '.git'));
  t.deepEqual(await prepare(fixture, repository, id), first);
  t.is(fixture.git(first.root, 'status', '--porcelain'), ' M README.md\n?? new\n');
  const [again, twice] = await Promise.all([prepare(fixture, repository, id), prepare(fixture, repository, id)]);
  t.deepEqual([again, twice], [first, first]);
});

test('preparing several times at once makes one worktree', async (t) => {
  const fixture = createFixture(t);
  const repository = fixture.repository('project');
  const id = sessionId();
  const [first, ...others] = await Promise.all(Array.from({ length: 4 }, () => prepare(fixture, repository, id)));
  for (const other of others) t.deepEqual(other, first);
  t.is(fixture.git(repository.root, 'worktree', 'list').trim().split('\n').length, 2);
  t.is(fixture.git(first?.root ?? '', 'status', '--porcelain'), '');
});

test('a worktree whose directory was deleted comes back with what was committed and staged', async (t) => {
  const fixture = createFixture(t);
  const repository = fixture.repository('project');
  const id = sessionId();
  const first = await prepare(fixture, repository, id);
  write(first.root, { done: 'done' });
  await fixture.workspaces.commitWorkspace({ workspace: first, title: 'One', sessionId: id });
  write(first.root, { staged: 'staged' });
  fixture.git(first.root, 'add', '--all');
  rmSync(first.root, { recursive: true });
  t.deepEqual(await prepare(fixture, repository, id), first);
  t.is(fixture.git(first.root, 'status', '--porcelain'), 'A  staged\n');
  t.is(readFileSync(join(first.root, 'done'), 'utf8'), 'done');
});

test('a worktree that was deleted and pruned comes back from its branch', async (t) => {
  const fixture = createFixture(t);
  const repository = fixture.repository('project');
  const id = sessionId();
  const first = await prepare(fixture, repository, id);
  write(first.root, { done: 'done' });
  await fixture.workspaces.commitWorkspace({ workspace: first, title: 'One', sessionId: id });
  rmSync(first.root, { recursive: true });
  fixture.git(repository.root, 'worktree', 'prune');
  t.deepEqual(await prepare(fixture, repository, id), first);
  t.is(fixture.git(first.root, 'status', '--porcelain'), '');
  t.is(readFileSync(join(first.root, 'done'), 'utf8'), 'done');
});

test('files whose git directory was lost are taken over as uncommitted work', async (t) => {
  const fixture = createFixture(t);
  const repository = fixture.repository('project');
  const id = sessionId();
  const first = await prepare(fixture, repository, id);
  write(first.root, { 'README.md': 'changed', new: 'new' });
  rmSync(join(repository.root, '.git/worktrees'), { recursive: true });
  t.deepEqual(await prepare(fixture, repository, id), first);
  t.is(fixture.git(first.root, 'status', '--porcelain'), ' M README.md\n?? new\n');
  t.deepEqual(readdirSync(fixture.worktreesDirectory), [id]);
});

test('an interrupted making is completed, wherever it was interrupted', async (t) => {
  const fixture = createFixture(t);
  const repository = fixture.repository('project', { a: 'a', b: 'b' });
  const { git } = fixture;
  const admin = (id: string) => join(repository.root, '.git/worktrees', id);
  const interruptions: Record<string, (id: string, root: string) => void> = {
    'after the branch': (id) => git(repository.root, 'branch', `oio/${id.slice(-12)}`, repository.revision),
    'after the first file': (id) => write(admin(id), { locked: 'initializing' }),
    'before the links': (id, root) => {
      write(admin(id), { locked: 'initializing', gitdir: `${root}/.git\n`, HEAD: `${'0'.repeat(40)}\n` });
      mkdirSync(root);
    },
    'before the checkout': (id, root) =>
      git(repository.root, 'worktree', 'add', '--quiet', '--no-checkout', '-b', `oio/${id.slice(-12)}`, root),
    'in the checkout': (id, root) => {
      git(repository.root, 'worktree', 'add', '--quiet', '--no-checkout', '-b', `oio/${id.slice(-12)}`, root);
      write(root, { a: 'half' });
      write(admin(id), { 'index.lock': '' });
    },
  };
  mkdirSync(fixture.worktreesDirectory, { recursive: true });
  for (const [when, interrupt] of Object.entries(interruptions)) {
    const id = sessionId();
    const root = join(fixture.worktreesDirectory, id);
    interrupt(id, root);
    const workspace = await prepare(fixture, repository, id);
    t.like(workspace, { root, kind: 'worktree' }, when);
    t.is(git(root, 'status', '--porcelain'), '', when);
    t.deepEqual(readdirSync(root).toSorted(), ['.git', 'a', 'b'], when);
    t.is(git(root, 'symbolic-ref', '--short', 'HEAD').trim(), workspace.branch, when);
  }
  t.is(git(repository.root, 'worktree', 'list').trim().split('\n').length, 1 + Object.keys(interruptions).length);
});

test('a moved data directory is followed', async (t) => {
  const fixture = createFixture(t);
  const repository = fixture.repository('project');
  const id = sessionId();
  const { root } = await prepare(fixture, repository, id);
  write(root, { new: 'new' });
  const moved = `${fixture.worktreesDirectory}-moved`;
  renameSync(fixture.worktreesDirectory, moved);
  symlinkSync(moved, fixture.worktreesDirectory);
  const workspace = await prepare(fixture, repository, id);
  t.is(workspace.root, join(moved, id));
  t.is(fixture.git(workspace.root, 'status', '--porcelain'), '?? new\n');
});

test('the branch of a session is not taken from a checkout of the user', async (t) => {
  const fixture = createFixture(t);
  const repository = fixture.repository('project');
  const id = sessionId();
  fixture.git(repository.root, 'checkout', '--quiet', '-b', `oio/${id.slice(-12)}`);
  await t.throwsAsync(prepare(fixture, repository, id), { code: 'branch_checked_out' });
  t.deepEqual(readdirSync(fixture.worktreesDirectory), []);
});

test('what cannot be prepared is refused with a typed error and leaves nothing behind', async (t) => {
  const fixture = createFixture(t);
  const { root, revision } = fixture.repository('project');
  const ask = (change: { sessionId?: string; directory?: string; revision?: string }) =>
    fixture.workspaces.prepareWorkspace({
      sessionId: sessionId(),
      directory: root,
      workspace: 'worktree',
      revision,
      ...change,
    });
  await t.throwsAsync(ask({ sessionId: '../../escape' }), { code: 'invalid' });
  await t.throwsAsync(ask({ revision: '--orphan' }), { code: 'invalid' });
  await t.throwsAsync(ask({ directory: '/etc' }), { code: 'invalid' });
  await t.throwsAsync(ask({ revision: 'a'.repeat(40) }), { code: 'revision_missing' });
  rmSync(join(root, '.git'), { recursive: true });
  await t.throwsAsync(ask({}), { code: 'repository_missing' });
  t.deepEqual(readdirSync(fixture.worktreesDirectory), []);
});

test('a detached HEAD, a linked worktree and a submodule can be worked on', async (t) => {
  const fixture = createFixture(t);
  const { root, revision } = fixture.repository('main');
  const library = fixture.repository('library', { 'lib.ts': '' });
  fixture.git(root, 'worktree', 'add', '--quiet', '-b', 'feature', '../linked');
  fixture.git(root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library.root, 'sub');
  fixture.git(root, 'checkout', '--quiet', '--detach');
  const places = [
    { root, revision },
    { root: join(fixture.projects, 'linked'), revision },
    { root: join(root, 'sub'), revision: library.revision },
  ];
  for (const place of places) {
    const id = sessionId();
    const workspace = await prepare(fixture, place, id);
    write(workspace.root, { new: 'new' });
    const { commit } = await fixture.workspaces.commitWorkspace({ workspace, title: 'Work', sessionId: id });
    t.is(commit, fixture.git(place.root, 'rev-parse', workspace.branch).trim());
    t.is((await fixture.workspaces.diffWorkspace({ workspace }))?.files[0]?.path, 'new');
  }
});

test('names with odd characters are checked out, committed and compared', async (t) => {
  const fixture = createFixture(t);
  const odd = [
    '-n',
    'a b',
    'quote"\'',
    'new\nline',
    'ünï/\u{1f600}',
    'tab\t',
    ':colon',
    '*',
    '--help/-x',
    'back\\slash',
  ];
  const repository = fixture.repository('-odd "näme"', Object.fromEntries(odd.map((name) => [name, 'old\n'])));
  const id = sessionId();
  const workspace = await prepare(fixture, repository, id);
  for (const name of odd) writeFileSync(join(workspace.root, name), 'new\n');
  write(workspace.root, { '-added\n"': '1\n2\n' });
  const expected = [
    ...odd.map((path) => ({ path, status: 'modified', additions: 1, deletions: 1 })),
    { path: '-added\n"', status: 'added', additions: 2, deletions: 0 },
  ];
  const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);
  const files = async () =>
    [...((await fixture.workspaces.diffWorkspace({ workspace }))?.files ?? [])].toSorted(byPath);
  t.deepEqual(await files(), expected.toSorted(byPath) as Awaited<ReturnType<typeof files>>);
  const { commit } = await fixture.workspaces.commitWorkspace({ workspace, title: 'Odd', sessionId: id });
  t.truthy(commit);
  t.is(fixture.git(workspace.root, 'status', '--porcelain'), '');
  t.deepEqual(await files(), expected.toSorted(byPath) as Awaited<ReturnType<typeof files>>);
});
