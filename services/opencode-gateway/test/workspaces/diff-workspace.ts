import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { WorkspaceDiff } from '../../src/workspaces/diff-workspace.ts';
import { contents, createFixture, prepare, sessionId, write } from './fixture.ts';

const FILES = { keep: 'a\nb\nc\n', gone: 'x\ny\n', old: 'one\ntwo\nthree\nfour\n', '.gitignore': 'ignored\n' };

const CHANGES = [
  { path: 'binary', status: 'added', additions: 0, deletions: 0 },
  { path: 'gone', status: 'deleted', additions: 0, deletions: 2 },
  { path: 'keep', status: 'modified', additions: 1, deletions: 1 },
  { path: 'renamed', status: 'renamed', additions: 1, deletions: 0 },
];

function change(root: string): void {
  write(root, { keep: 'a\nB\nc\n', ignored: 'x', binary: Buffer.from([0, 1, 2, 255]) });
  rmSync(join(root, 'gone'));
  renameSync(join(root, 'old'), join(root, 'renamed'));
  write(root, { renamed: 'one\ntwo\nthree\nfour\nfive\n' });
}

async function inWorktree(t: ExecutionContext, files: Readonly<Record<string, string>> = FILES) {
  const fixture = createFixture(t);
  const repository = fixture.repository('project', files);
  const id = sessionId();
  const workspace = await prepare(fixture, repository, id);
  const diff = async (maxPatchBytes?: number): Promise<WorkspaceDiff> => {
    const found = await fixture.workspaces.diffWorkspace({
      workspace,
      ...(maxPatchBytes !== undefined && { maxPatchBytes }),
    });
    if (found === null) throw new Error('There is no diff.');
    return found;
  };
  return { fixture, repository, id, workspace, diff };
}

test('without changes the diff is empty', async (t) => {
  const { diff } = await inWorktree(t);
  t.deepEqual(await diff(), { files: [], patch: '', truncated: false });
});

test('added, modified, deleted, renamed and binary files are listed, committed or not', async (t) => {
  const { fixture, id, workspace, diff } = await inWorktree(t);
  change(workspace.root);
  const uncommitted = await diff();
  t.deepEqual(uncommitted.files, CHANGES as typeof uncommitted.files);
  t.false(uncommitted.truncated);
  for (const part of [
    '-b\n+B\n',
    'rename from old\nrename to renamed\n',
    'Binary files /dev/null and b/binary differ\n',
  ]) {
    t.true(uncommitted.patch.includes(part), part);
  }
  await fixture.workspaces.commitWorkspace({ workspace, title: 'Work', sessionId: id });
  t.deepEqual(await diff(), uncommitted);
});

test('the patch applies to the base', async (t) => {
  const { fixture, repository, workspace, diff } = await inWorktree(t);
  write(workspace.root, { keep: 'a\nB\nc\n', 'sub/nëw "file"': 'no newline' });
  write(fixture.base, { patch: (await diff()).patch });
  fixture.git(repository.root, 'apply', join(fixture.base, 'patch'));
  t.is(fixture.git(repository.root, 'status', '--porcelain', '-z'), ' M keep\0?? sub/\0');
});

test('the configuration of the user does not change the patch', async (t) => {
  const files = { ...FILES, '.gitattributes': '* diff=custom\n' };
  const { fixture, repository, workspace, diff } = await inWorktree(t, files);
  change(workspace.root);
  const expected = await diff();
  const settings = {
    'diff.noprefix': 'true',
    'color.ui': 'always',
    'diff.external': '/bin/false',
    'diff.renames': 'false',
    'diff.custom.command': '/bin/false',
    'diff.custom.textconv': '/bin/false',
  };
  for (const [name, value] of Object.entries(settings)) fixture.git(repository.root, 'config', name, value);
  t.deepEqual(await diff(), expected);
});

test('a file that changed within one tick of the clock, its size the same, is seen', async (t) => {
  const { fixture, repository, id, workspace, diff } = await inWorktree(t);
  // So that the times that the test sets are all that git goes by.
  fixture.git(repository.root, 'config', 'core.trustctime', 'false');
  fixture.git(repository.root, 'config', 'core.checkStat', 'minimal');
  const path = join(workspace.root, 'keep');
  const tick = new Date('2001-01-01T00:00:00Z');
  utimesSync(path, tick, tick);
  fixture.git(workspace.root, 'add', 'keep');
  write(workspace.root, { keep: 'A\nB\nC\n' });
  utimesSync(path, tick, tick);
  utimesSync(join(repository.root, '.git/worktrees', id, 'index'), tick, tick);
  t.deepEqual(
    (await diff()).files.map((file) => file.path),
    ['keep'],
  );
});

test('looking writes nothing to the repository or the worktree', async (t) => {
  const { fixture, workspace, diff } = await inWorktree(t);
  change(workspace.root);
  const before = contents(fixture.base, /^$/);
  await diff();
  t.deepEqual(contents(fixture.base, /^$/), before);
});

test('a long patch is cut at the end of a line, the list of files stays whole', async (t) => {
  const { workspace, diff } = await inWorktree(t);
  write(workspace.root, { huge: 'ä'.repeat(49).concat('\n').repeat(40_000), tiny: '1\n' });
  const { files, patch, truncated } = await diff();
  t.true(truncated);
  t.true(Buffer.byteLength(patch) <= 1024 * 1024 && Buffer.byteLength(patch) > 1024 * 1024 - 200);
  t.true(patch.endsWith('ä\n'));
  t.deepEqual(
    files.map(({ path, additions }) => ({ path, additions })),
    [
      { path: 'huge', additions: 40_000 },
      { path: 'tiny', additions: 1 },
    ],
  );
  t.is((await diff(10)).patch, '');
});

test('a NUL in a text does not reach the patch', async (t) => {
  const { workspace, diff } = await inWorktree(t);
  write(workspace.root, { text: `${'line\n'.repeat(4_000)}\0\n` });
  const { patch } = await diff();
  t.true(patch.includes('+line\n') && patch.includes('+\u{fffd}\n') && !patch.includes('\0'));
});

test('in place the working tree is compared with the base, the index stays as it is', async (t) => {
  const fixture = createFixture(t);
  const { root, revision } = fixture.repository('project', FILES);
  const options = { sessionId: sessionId(), directory: root, workspace: 'in_place', revision } as const;
  const workspace = await fixture.workspaces.prepareWorkspace(options);
  change(root);
  const before = contents(root, /^$/);
  const diff = await fixture.workspaces.diffWorkspace({ workspace });
  t.deepEqual(diff?.files, CHANGES as WorkspaceDiff['files']);
  t.deepEqual(contents(root, /^$/), before);
});

test('in place without a commit everything is new, without git there is no diff', async (t) => {
  const fixture = createFixture(t);
  fixture.git(fixture.projects, 'init', '--quiet', 'empty');
  const diff = async (directory: string) => {
    const options = { sessionId: sessionId(), directory, workspace: 'in_place', revision: null } as const;
    return fixture.workspaces.diffWorkspace({ workspace: await fixture.workspaces.prepareWorkspace(options) });
  };
  write(fixture.projects, { 'empty/new': 'a\n' });
  t.deepEqual((await diff(join(fixture.projects, 'empty')))?.files, [
    { path: 'new', status: 'added', additions: 1, deletions: 0 },
  ]);
  t.is(await diff(fixture.projects), null);
});

test('a worktree that is gone is compared by its branch, and a branch that is gone by the commit', async (t) => {
  const { fixture, repository, id, workspace } = await inWorktree(t);
  change(workspace.root);
  const { commit } = await fixture.workspaces.commitWorkspace({ workspace, title: 'Change it', sessionId: id });
  const git = (...args: string[]) => execFileSync('git', ['-C', repository.root, ...args], { stdio: 'pipe' });
  git('worktree', 'remove', '--force', workspace.root);
  const byBranch = await fixture.workspaces.diffWorkspace({ workspace, commit: null });
  t.deepEqual(byBranch?.files, CHANGES);
  git('branch', '-D', workspace.branch ?? '');
  t.deepEqual((await fixture.workspaces.diffWorkspace({ workspace, commit }))?.files, CHANGES);
  t.deepEqual(await fixture.workspaces.diffWorkspace({ workspace, commit: null }), {
    files: [],
    patch: '',
    truncated: false,
  });
});
