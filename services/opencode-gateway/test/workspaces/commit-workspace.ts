import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createFixture, prepare, sessionId, write } from './fixture.ts';

async function started(t: ExecutionContext) {
  const fixture = createFixture(t);
  const repository = fixture.repository('project', { 'README.md': 'hello\n', '.gitignore': 'build/\n' });
  const id = sessionId();
  const workspace = await prepare(fixture, repository, id);
  const commit = (title = 'Add a parser', message?: string) =>
    fixture.workspaces.commitWorkspace({ workspace, title, sessionId: id, ...(message !== undefined && { message }) });
  const show = (format: string, revision = workspace.branch) =>
    fixture.git(repository.root, 'show', '--no-patch', `--format=${format}`, revision).trim();
  return { fixture, repository, id, workspace, commit, show };
}

test('everything but ignored files is committed on the branch of the session, with its title and id', async (t) => {
  const { fixture, repository, id, workspace, commit, show } = await started(t);
  write(workspace.root, { 'src/parser.ts': 'new', 'build/out.js': 'ignored' });
  rmSync(join(workspace.root, 'README.md'));
  const committed = await commit();
  t.deepEqual(committed, { commit: show('%H'), changed: true, warnings: [] });
  t.is(show('%P'), repository.revision);
  t.is(show('%B'), `Add a parser\n\nSession: ${id}`);
  t.is(show('%(trailers:key=Session,valueonly)'), id);
  t.is(show('%an <%ae> %cn <%ce>'), 'Ada <ada@example.org> Ada <ada@example.org>');
  t.is(fixture.git(workspace.root, 'ls-files'), '.gitignore\nsrc/parser.ts\n');
  t.is(fixture.git(workspace.root, 'status', '--porcelain'), '');
});

test('with nothing to commit there is no commit', async (t) => {
  const { repository, commit, show } = await started(t);
  t.deepEqual(await commit(), { commit: null, changed: false, warnings: [] });
  t.is(show('%H'), repository.revision);
});

test('committing again gives the same commit, and later work goes on top of it', async (t) => {
  const { workspace, commit, show } = await started(t);
  write(workspace.root, { one: '1' });
  const first = await commit();
  t.deepEqual(await commit('Another title'), first);
  write(workspace.root, { two: '2' });
  await commit();
  t.is(first.commit, show('%P'));
});

test('a title is data: neither an option nor more than one line', async (t) => {
  const { workspace, id, commit, show } = await started(t);
  const titles = {
    '--amend': '--amend',
    'a\n\nb\r\0c': 'a b c',
    '"quoted\' $(id) `id`': '"quoted\' $(id) `id`',
    '# 1': '# 1',
  };
  for (const [title, subject] of Object.entries(titles)) {
    write(workspace.root, { file: title });
    await commit(title, '-m body\n\nSession: forged');
    t.is(show('%s'), subject);
    t.is(show('%b'), `-m body\n\nSession: forged\n\nSession: ${id}`);
  }
});

test('without a configured user the orchestrator signs', async (t) => {
  const { fixture, repository, workspace, commit, show } = await started(t);
  fixture.git(repository.root, 'config', '--unset', 'user.email');
  write(workspace.root, { file: '' });
  await commit();
  t.is(show('%an <%ae> %cn <%ce>'), Array(2).fill('OpenCode Orchestrator <oio@localhost>').join(' '));
});

test('no hook runs, and nothing is signed', async (t) => {
  const { fixture, repository, workspace, commit } = await started(t);
  const { git } = fixture;
  const hooks = [
    'pre-commit',
    'commit-msg',
    'post-commit',
    'post-checkout',
    'reference-transaction',
    'post-index-change',
  ];
  mkdirSync(join(repository.root, '.git/hooks'));
  for (const hook of hooks) {
    const path = join(repository.root, '.git/hooks', hook);
    writeFileSync(path, `#!/bin/sh\necho ${hook} >> ${fixture.base}/hooks-ran\nexit 1\n`);
    chmodSync(path, 0o755);
  }
  git(repository.root, 'config', 'commit.gpgsign', 'true');
  git(repository.root, 'config', 'gpg.program', '/nonexistent');
  write(workspace.root, { file: '' });
  t.truthy((await commit()).commit);
  const other = sessionId();
  await prepare(fixture, repository, other);
  t.false(existsSync(join(fixture.base, 'hooks-ran')));
  t.throws(() => git(repository.root, 'commit', '--allow-empty', '--message=x'), undefined, 'the hooks would have run');
});

test('line endings that git would refuse to convert do not keep work from being committed', async (t) => {
  const { fixture, repository, workspace, commit } = await started(t);
  fixture.git(repository.root, 'config', 'core.autocrlf', 'input');
  fixture.git(repository.root, 'config', 'core.safecrlf', 'true');
  write(workspace.root, { dos: 'a\r\nb\r\n' });
  t.is((await fixture.workspaces.diffWorkspace({ workspace }))?.files[0]?.path, 'dos');
  t.like(await commit(), { changed: true, warnings: [] });
  t.is(fixture.git(workspace.root, 'status', '--porcelain'), '');
});

test('commits of the agent stay', async (t) => {
  const { fixture, workspace, commit, show } = await started(t);
  write(workspace.root, { one: '1' });
  fixture.git(workspace.root, 'add', '--all');
  fixture.git(workspace.root, 'commit', '--quiet', '--message=by the agent');
  const [own] = [show('%H')];
  t.deepEqual(await commit(), { commit: own, changed: true, warnings: [] });
  write(workspace.root, { two: '2' });
  t.is((await commit()).commit, show('%H'));
  t.is(show('%P'), own);
});

test('work on another branch of the agent ends up on the branch of the session', async (t) => {
  const { fixture, workspace, commit, show } = await started(t);
  const { git } = fixture;
  git(workspace.root, 'checkout', '--quiet', '-b', 'feature');
  write(workspace.root, { one: '1' });
  git(workspace.root, 'add', '--all');
  git(workspace.root, 'commit', '--quiet', '--message=by the agent');
  write(workspace.root, { two: '2' });
  t.is((await commit()).commit, show('%H'));
  t.is(show('%P'), show('%H', 'feature'));
  t.is(git(workspace.root, 'symbolic-ref', '--short', 'HEAD').trim(), workspace.branch);
  t.is(git(workspace.root, 'status', '--porcelain'), '');
});

test('diverged work is kept by a commit with both parents', async (t) => {
  const { fixture, repository, workspace, commit, show } = await started(t);
  const { git } = fixture;
  write(workspace.root, { one: '1' });
  const first = (await commit()).commit;
  git(workspace.root, 'checkout', '--quiet', '--detach', repository.revision);
  write(workspace.root, { two: '2' });
  git(workspace.root, 'add', '--all');
  git(workspace.root, 'commit', '--quiet', '--message=elsewhere');
  const second = git(workspace.root, 'rev-parse', 'HEAD').trim();
  await commit();
  t.is(show('%P'), `${first} ${second}`);
  t.is(git(workspace.root, 'ls-files'), '.gitignore\nREADME.md\ntwo\n');
});

test('a deleted branch, an orphan branch and a repository of the agent in place of .git do no harm', async (t) => {
  const { fixture, repository, workspace, commit, show } = await started(t);
  const { git } = fixture;
  write(workspace.root, { one: '1' });
  git(workspace.root, 'checkout', '--quiet', '--orphan', 'orphan');
  git(workspace.root, 'branch', '--quiet', '-D', workspace.branch);
  rmSync(join(workspace.root, '.git'));
  git(workspace.root, 'init', '--quiet');
  t.is((await commit()).commit, show('%H'));
  t.is(show('%P'), repository.revision);
  t.is(git(repository.root, 'show', `${workspace.branch}:one`), '1');
});

test('a repository inside of the worktree is told of, the rest is committed', async (t) => {
  const { fixture, workspace, commit } = await started(t);
  write(workspace.root, { file: '' });
  fixture.git(workspace.root, 'init', '--quiet', 'nested');
  write(workspace.root, { 'nested/file': '' });
  const { commit: made, warnings } = await commit();
  t.truthy(made);
  t.regex(warnings[0] ?? '', /nested\/' does not have a commit checked out/);
  t.is(fixture.git(workspace.root, 'status', '--porcelain'), '?? nested/\n');
});

test('a lock that a killed git left behind is removed, a fresh one is respected', async (t) => {
  const { repository, id, workspace, commit } = await started(t);
  write(workspace.root, { file: '' });
  const lock = join(repository.root, '.git/worktrees', id, 'index.lock');
  writeFileSync(lock, '');
  await t.throwsAsync(commit(), { code: 'git_locked', message: /index\.lock/ });
  utimesSync(lock, new Date(0), new Date(0));
  t.truthy((await commit()).commit);
});

test('in place nothing is committed, only looked at', async (t) => {
  const fixture = createFixture(t);
  const { root, revision } = fixture.repository('project');
  const id = sessionId();
  const workspace = await fixture.workspaces.prepareWorkspace({
    sessionId: id,
    directory: root,
    workspace: 'in_place',
    revision,
  });
  const commit = () => fixture.workspaces.commitWorkspace({ workspace, title: 'Work', sessionId: id });
  const index = () => readFileSync(join(root, '.git/index')).toString('base64');
  t.deepEqual(await commit(), { commit: null, changed: false, warnings: [] });
  utimesSync(join(root, 'README.md'), new Date(), new Date(0));
  const before = index();
  write(root, { new: '' });
  t.deepEqual(await commit(), { commit: null, changed: true, warnings: [] });
  t.is(index(), before);
  fixture.git(root, 'add', '--all');
  fixture.git(root, 'commit', '--quiet', '--message=by the agent');
  t.true((await commit()).changed);
});

test('in place without git nobody can tell whether anything changed', async (t) => {
  const fixture = createFixture(t);
  const options = {
    sessionId: sessionId(),
    directory: fixture.projects,
    workspace: 'in_place',
    revision: null,
  } as const;
  const workspace = await fixture.workspaces.prepareWorkspace(options);
  const committed = await fixture.workspaces.commitWorkspace({
    workspace,
    title: 'Work',
    sessionId: options.sessionId,
  });
  t.deepEqual(committed, { commit: null, changed: null, warnings: [] });
});
