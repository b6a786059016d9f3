import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConflictError } from '@oio/errors';
import test from 'ava';
import { createFixture, HOSTILE, prepare, sessionId, write } from './fixture.ts';

test("a project's plugins are not in the worktree, and stay in the result as they are", async (t) => {
  const fixture = createFixture(t);
  const repository = fixture.repository('project', HOSTILE);
  const id = sessionId();
  const workspace = await prepare(fixture, repository, id);
  const present = Object.keys(HOSTILE).filter((path) => existsSync(join(workspace.root, path)));
  t.deepEqual(present, ['evil.js', '.opencode/command/hello.md']);
  write(workspace.root, { 'new.txt': 'x' });
  t.deepEqual(
    (await fixture.workspaces.diffWorkspace({ workspace }))?.files.map(({ path }) => path),
    ['new.txt'],
  );
  await fixture.workspaces.commitWorkspace({ workspace, title: 'Add a file', sessionId: id });
  t.deepEqual(
    (await fixture.workspaces.diffWorkspace({ workspace }))?.files.map(({ path }) => path),
    ['new.txt'],
  );
  await prepare(fixture, repository, id);
  t.false(existsSync(join(workspace.root, 'opencode.json')));
});

test('a directory that brings plugins is not worked on in place', async (t) => {
  const fixture = createFixture(t);
  const { root } = fixture.repository('project', HOSTILE);
  const options = { sessionId: sessionId(), directory: root, workspace: 'in_place', revision: null } as const;
  await t.throwsAsync(fixture.workspaces.prepareWorkspace(options), {
    instanceOf: ConflictError,
    code: 'project_plugins',
  });
});
