import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createWorkspaces } from '../../src/workspaces/workspaces.ts';
import { contents, createFixture, prepare, sessionId, write } from './fixture.ts';
import { createKeyedMutex } from '../../src/keyed-mutex.ts';

/** What sessions may add to a repository; everything else is the user's. */
const OURS = /^\/\.git\/(objects|worktrees|(logs\/)?refs\/heads\/oio)\//;

test('the checkout of the user stays byte for byte the same while ten sessions work on it', async (t) => {
  const fixture = createFixture(t);
  const { git, workspaces } = fixture;
  const files = Object.fromEntries(Array.from({ length: 50 }, (_, number) => [`src/${number}.ts`, `${number}\n`]));
  const repository = fixture.repository('project', files);
  const { root } = repository;
  write(root, { 'src/0.ts': 'stashed\n' });
  git(root, 'stash');
  write(root, { 'src/1.ts': 'staged\n', untracked: 'x' });
  git(root, 'add', 'src/1.ts');
  write(root, { 'src/2.ts': 'modified\n' });
  const status = git(root, 'status', '--porcelain=v2', '--branch');
  const before = contents(root, OURS);

  const work = async (name: string) => {
    const id = sessionId();
    const workspace = await prepare(fixture, repository, id);
    write(workspace.root, { 'src/0.ts': `${name}\n`, [`new ${name}`]: name });
    const diff = await workspaces.diffWorkspace({ workspace });
    const { commit } = await workspaces.commitWorkspace({ workspace, title: `Work of ${name}`, sessionId: id });
    t.deepEqual(
      diff?.files.map(({ path }) => path),
      [`new ${name}`, 'src/0.ts'],
    );
    t.is(git(root, 'show', `${commit}:src/0.ts`), `${name}\n`);
    return workspace;
  };
  const all = await Promise.all(Array.from({ length: 10 }, (_, number) => work(`session ${number}`)));

  t.deepEqual(contents(root, OURS), before);
  t.is(git(root, 'status', '--porcelain=v2', '--branch'), status);
  t.is(new Set(all.map(({ branch }) => branch)).size, 10);
  t.is(git(root, 'fsck', '--strict', '--no-dangling'), '');
});

test('sessions of two processes on one repository do not disturb each other', async (t) => {
  const fixture = createFixture(t);
  const { environment, projects, worktreesDirectory } = fixture;
  const { root, revision } = fixture.repository('project');
  const process = () =>
    createWorkspaces({ environment, roots: [projects], worktreesDirectory, mutex: createKeyedMutex() });
  const prepareIn = (workspaces: ReturnType<typeof process>) =>
    workspaces.prepareWorkspace({ sessionId: sessionId(), directory: root, workspace: 'worktree', revision });
  const prepared = await Promise.all(Array.from({ length: 8 }, () => prepareIn(process())));
  for (const { path } of prepared) t.true(existsSync(join(path, 'README.md')));
});

test('the git variables of whoever starts the service change nothing', async (t) => {
  const foreign = { GIT_DIR: '/nonexistent', GIT_INDEX_FILE: '/nonexistent/index', GIT_WORK_TREE: '/' };
  const fixture = createFixture(t);
  const repository = fixture.repository('project');
  const { environment, projects: root, worktreesDirectory } = fixture;
  const workspaces = createWorkspaces({
    environment: { ...environment, ...foreign },
    roots: [root],
    worktreesDirectory,
    mutex: createKeyedMutex(),
  });
  const workspace = await prepare({ ...fixture, workspaces }, repository);
  write(workspace.root, { new: '' });
  t.is((await workspaces.diffWorkspace({ workspace }))?.files[0]?.path, 'new');
});

test('no secret of the environment reaches a filter that the repository configures', async (t) => {
  const fixture = createFixture(t, { SECRET: 'do not tell' });
  const repository = fixture.repository('project', { '.gitattributes': '* filter=leak\n', file: '' });
  fixture.git(repository.root, 'config', 'filter.leak.smudge', `env >> ${fixture.base}/leaked; cat`);
  await prepare(fixture, repository);
  const leaked = readFileSync(join(fixture.base, 'leaked'), 'utf8');
  t.true(leaked.includes('PATH='));
  t.false(leaked.includes('do not tell'));
});

test('one session at a time works in a directory, in the order in which they came', async (t) => {
  const { workspaces } = createFixture(t);
  const order: string[] = [];
  const first = await workspaces.withDirectory('/a');
  const waiting = ['second', 'third'].map(async (name) => {
    const held = await workspaces.withDirectory('/a');
    order.push(name);
    held[Symbol.dispose]();
  });
  const elsewhere = await workspaces.withDirectory('/b');
  elsewhere[Symbol.dispose]();
  order.push('first');
  first[Symbol.dispose]();
  await Promise.all(waiting);
  t.deepEqual(order, ['first', 'second', 'third']);
});

test('a session that is cancelled while it waits for a directory gives up its turn', async (t) => {
  const { workspaces } = createFixture(t);
  const cancelled = new AbortController();
  const first = await workspaces.withDirectory('/a');
  const second = workspaces.withDirectory('/a', cancelled.signal);
  const third = workspaces.withDirectory('/a');
  cancelled.abort(new Error('cancelled'));
  await t.throwsAsync(second, { message: 'cancelled' });
  first[Symbol.dispose]();
  await t.notThrowsAsync(async () => (await third)[Symbol.dispose]());
});

test('a worktree whose repository was deleted is not touched', async (t) => {
  const fixture = createFixture(t);
  const repository = fixture.repository('project');
  const id = sessionId();
  const workspace = await prepare(fixture, repository, id);
  rmSync(repository.root, { recursive: true });
  await t.throwsAsync(prepare(fixture, repository, id), { code: 'invalid' });
  t.true(existsSync(join(workspace.root, 'README.md')));
});
