import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Workspace } from '../../src/workspaces/workspace.ts';
import { createFixture, prepare, sessionId, write } from './fixture.ts';

const permit = async (): Promise<void> => {};

/** A worktree with a snapshot in it, and what was done after that. */
async function changed(t: ExecutionContext) {
  const fixture = createFixture(t);
  const id = sessionId();
  const files = { '.gitignore': 'built/\n', 'kept.txt': 'first\n', 'gone.txt': 'here\n' };
  const workspace = await prepare(fixture, fixture.repository('one', files), id);
  write(workspace.root, { 'made.txt': 'made\n', 'built/out.js': 'old\n' });
  const commit = (await fixture.workspaces.snapshotWorkspace({ workspace, sessionId: id })) ?? '';
  write(workspace.root, { 'kept.txt': 'second\n', 'later/new.txt': 'later\n', 'built/out.js': 'new\n' });
  rmSync(join(workspace.root, 'gone.txt'));
  rmSync(join(workspace.root, 'made.txt'));
  const read = (path: string): string | null => {
    const whole = join(workspace.root, path);
    return existsSync(whole) ? readFileSync(whole, 'utf8') : null;
  };
  return {
    fixture,
    workspace,
    commit,
    read,
    restore: () => fixture.workspaces.restoreWorkspace({ workspace, commit, permit }),
  };
}

function assertRestored(t: ExecutionContext, read: (path: string) => string | null): void {
  const paths = ['kept.txt', 'gone.txt', 'made.txt', 'later/new.txt', 'built/out.js'];
  t.deepEqual(paths.map(read), ['first\n', 'here\n', 'made\n', null, 'new\n']);
}

test('what was changed, deleted and made since is undone; what git ignores stays', async (t) => {
  const { read, restore } = await changed(t);
  await restore();
  assertRestored(t, read);
  await restore();
  assertRestored(t, read);
});

test('commits of the agent stay on the branch, and what they brought is undone', async (t) => {
  const { fixture, workspace, read, restore } = await changed(t);
  fixture.git(workspace.root, 'add', '--all');
  fixture.git(workspace.root, 'commit', '--quiet', '--message=mine');
  const head = fixture.git(workspace.root, 'rev-parse', 'HEAD');
  await restore();
  assertRestored(t, read);
  t.is(fixture.git(workspace.root, 'rev-parse', 'HEAD'), head);
  t.is(fixture.git(workspace.root, 'rev-parse', '--abbrev-ref', 'HEAD').trim(), workspace.branch);
});

test('one that was killed half-way is brought to its end by the next', async (t) => {
  const { fixture, workspace, read, restore } = await changed(t);
  fixture.git(workspace.root, 'add', '--all');
  write(workspace.root, { 'kept.txt': 'first\n' });
  const lock = fixture.git(workspace.root, 'rev-parse', '--path-format=absolute', '--git-path', 'index.lock').trim();
  writeFileSync(lock, '');
  // Old enough to be nobody's any more.
  const { utimesSync } = await import('node:fs');
  utimesSync(lock, 1, 1);
  await restore();
  assertRestored(t, read);
});

test('nothing is touched when the commit is gone, or the permission is not given', async (t) => {
  const { fixture, workspace, commit, read } = await changed(t);
  const unknown = fixture.workspaces.restoreWorkspace({ workspace, commit: 'f'.repeat(40), permit });
  await t.throwsAsync(unknown, { code: 'snapshot_gone' });
  const refused = fixture.workspaces.restoreWorkspace({
    workspace,
    commit,
    permit: () => Promise.reject(new Error('no')),
  });
  await t.throwsAsync(refused, { message: 'no' });
  t.is(read('kept.txt'), 'second\n');
});

test('files in place are not for us to take back', async (t) => {
  const { fixture, commit } = await changed(t);
  const { root } = fixture.repository('in place');
  const workspace: Workspace = {
    path: root,
    root,
    kind: 'in_place',
    branch: null,
    baseRevision: null,
    repositoryRoot: root,
  };
  await t.throwsAsync(fixture.workspaces.restoreWorkspace({ workspace, commit, permit }), { code: 'not_a_worktree' });
});
