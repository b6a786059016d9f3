import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConflictError } from '@oio/errors';
import test from 'ava';
import { createWorkspaces } from '../../src/workspaces/workspaces.ts';
import { makePlace, optionsFor, startRealServer, beginTurn, turnEnd } from '../support/real-server.ts';
import { startObedientModel } from '../support/obedient-model.ts';
import { createFixture, prepare, sessionId, write } from './fixture.ts';
import { createKeyedMutex } from '../../src/keyed-mutex.ts';

const HOSTILE = {
  'opencode.json': '{ "plugin": ["./evil.js"] }',
  'evil.js': 'export const P = async () => ({});',
  '.opencode/plugin/p.js': 'export const P = async () => ({});',
  'deep/.opencode/plugins/q.ts': 'export const Q = async () => ({});',
  '.opencode/command/hello.md': 'harmless',
};

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

test('the real OpenCode server loads no code of the project that a session works on', async (t) => {
  await using place = await makePlace();
  await using model = await startObedientModel();
  const proof = join(place.root, 'loaded');
  const plugin = `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(proof)}, '');\nexport const P = async () => ({});`;
  write(place.repository, { ...HOSTILE, 'evil.js': plugin, '.opencode/plugin/p.js': plugin });
  const revision = place.commit('bring plugins');
  const workspaces = createWorkspaces({
    environment: process.env,
    roots: [place.root],
    worktreesDirectory: join(place.root, 'worktrees'),
    mutex: createKeyedMutex(),
  });
  await using opened = await startRealServer(optionsFor(model, place.data));
  const { path } = await workspaces.prepareWorkspace({
    sessionId: sessionId(),
    directory: place.repository,
    workspace: 'worktree',
    revision,
  });
  const prompt = await beginTurn(opened.agent, path, 'bash ls');
  t.like(await turnEnd(opened.agent, prompt), { type: 'finished' });
  t.false(existsSync(proof));
});
