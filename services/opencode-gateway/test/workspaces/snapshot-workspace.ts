import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import type { Workspace } from '../../src/workspaces/workspace.ts';
import { contents, createFixture, type Fixture, prepare, sessionId, write } from './fixture.ts';

async function withWorktree(fixture: Fixture, files?: Readonly<Record<string, string>>) {
  const id = sessionId();
  const repository = fixture.repository('one', files);
  const workspace = await prepare(fixture, repository, id);
  const keep = () => fixture.workspaces.snapshotWorkspace({ workspace, sessionId: id });
  const references = () =>
    fixture.git(repository.root, 'for-each-ref', '--format=%(refname) %(objectname)', `refs/oio/checkpoints/${id}`);
  return { id, repository, workspace, keep, references };
}

test('a snapshot holds what is committed, changed and untracked, and nothing that is ignored', async (t) => {
  const fixture = createFixture(t);
  const { workspace, keep } = await withWorktree(fixture, {
    '.gitignore': 'built/\n',
    'kept.txt': 'kept\n',
    'gone.txt': '',
  });
  write(workspace.root, { 'kept.txt': 'changed\n', 'new.txt': 'new\n', 'built/out.js': 'out\n' });
  rmSync(join(workspace.root, 'gone.txt'));
  const commit = (await keep()) ?? '';
  t.is(fixture.git(workspace.root, 'ls-tree', '-r', '--name-only', commit), '.gitignore\nkept.txt\nnew.txt\n');
  t.is(fixture.git(workspace.root, 'show', `${commit}:kept.txt`), 'changed\n');
  t.is(fixture.git(workspace.root, 'rev-parse', `${commit}^`).trim(), workspace.baseRevision);
});

test('index, HEAD, branch and files are as they were before', async (t) => {
  const fixture = createFixture(t);
  const { repository, workspace, keep } = await withWorktree(fixture);
  write(workspace.root, { 'staged.txt': 'staged\n', 'untracked.txt': 'untracked\n' });
  fixture.git(workspace.root, 'add', 'staged.txt');
  // Objects and the reference itself are what a snapshot is made of.
  const others = /\/\.git\/(objects|refs\/oio|logs\/refs\/oio)/;
  const before = [contents(repository.root, others), contents(workspace.root, /never/)];
  t.truthy(await keep());
  t.deepEqual([contents(repository.root, others), contents(workspace.root, /never/)], before);
});

test('files that did not change give the same commit again, without a further reference', async (t) => {
  const fixture = createFixture(t);
  const { workspace, keep, references } = await withWorktree(fixture);
  t.is(await keep(), workspace.baseRevision, 'nothing was changed: the commit itself');
  write(workspace.root, { 'a.txt': 'a\n' });
  const [first, again] = [await keep(), await keep()];
  t.is(again, first);
  t.is(references().split('\n').filter(Boolean).length, 2);
});

test('a commit of the agent itself gives a snapshot that builds on it', async (t) => {
  const fixture = createFixture(t);
  const { workspace, keep } = await withWorktree(fixture);
  write(workspace.root, { 'a.txt': 'a\n' });
  const first = await keep();
  fixture.git(workspace.root, 'add', '--all');
  fixture.git(workspace.root, 'commit', '--quiet', '--message=mine');
  const head = fixture.git(workspace.root, 'rev-parse', 'HEAD').trim();
  t.is(await keep(), head);
  t.not(first, head);
});

test('of 103 snapshots the references of the last 100 are kept, and their numbers go on', async (t) => {
  t.timeout(120_000);
  const fixture = createFixture(t);
  const { id, workspace, keep, references } = await withWorktree(fixture);
  for (let count = 1; count <= 103; count += 1) {
    write(workspace.root, { 'count.txt': `${count}\n` });
    await keep();
  }
  const numbers = references()
    .split('\n')
    .filter(Boolean)
    .map((line) => Number(line.split(' ')[0]?.slice(`refs/oio/checkpoints/${id}/`.length)))
    .toSorted((a, b) => a - b);
  t.deepEqual(
    numbers,
    Array.from({ length: 100 }, (_, index) => index + 4),
  );
});

test('several at once for one worktree end in one reference', async (t) => {
  const fixture = createFixture(t);
  const { workspace, keep, references } = await withWorktree(fixture);
  write(workspace.root, { 'a.txt': 'a\n' });
  const commits = await Promise.all([keep(), keep(), keep()]);
  t.is(new Set(commits).size, 1);
  t.is(references().trim().split('\n').length, 1);
});

test('who asks while one is under way shares the next one, which holds what has changed meanwhile', async (t) => {
  const fixture = createFixture(t);
  const { repository, workspace, keep } = await withWorktree(fixture, { '.gitattributes': 'a.txt filter=slow\n' });
  const [begun, go] = [join(fixture.base, 'begun'), join(fixture.base, 'go')];
  const slow = `echo once >> ${begun}; cat; until [ -e ${go} ]; do sleep 0.01; done`;
  fixture.git(repository.root, 'config', 'filter.slow.clean', slow);
  write(workspace.root, { 'a.txt': 'a\n' });
  const first = keep();
  await eventually(() => existsSync(begun), { what: 'the first is under way' });
  write(workspace.root, { 'later.txt': '' });
  const later = Array.from({ length: 7 }, keep);
  writeFileSync(go, '');
  const [commit = '', ...others] = (await Promise.all(later)).map((one) => one ?? '');
  t.deepEqual([...new Set(others)], [commit]);
  t.not(await first, commit);
  t.true(fixture.git(workspace.root, 'ls-tree', '--name-only', commit).includes('later.txt'));
  t.is(readFileSync(begun, 'utf8'), 'once\n'.repeat(2));
});

test('a repository without a commit gives a snapshot without a parent', async (t) => {
  const fixture = createFixture(t);
  const root = join(fixture.projects, 'fresh');
  mkdirSync(root);
  fixture.git(root, 'init', '--quiet', '--template=');
  write(root, { 'a.txt': 'a\n' });
  const commit =
    (await fixture.workspaces.snapshotWorkspace({ workspace: inPlace(root, root), sessionId: sessionId() })) ?? '';
  t.is(fixture.git(root, 'ls-tree', '--name-only', commit), 'a.txt\n');
  t.false(fixture.git(root, 'cat-file', '-p', commit).includes('parent'));
});

test('without git there is none', async (t) => {
  const fixture = createFixture(t);
  write(fixture.projects, { 'plain/a.txt': 'a\n' });
  const workspace = inPlace(join(fixture.projects, 'plain'), null);
  t.is(await fixture.workspaces.snapshotWorkspace({ workspace, sessionId: sessionId() }), null);
});

function inPlace(root: string, repositoryRoot: string | null): Workspace {
  return { path: root, root, kind: 'in_place', branch: null, baseRevision: null, repositoryRoot };
}
