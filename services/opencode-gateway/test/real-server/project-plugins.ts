import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createKeyedMutex } from '../../src/keyed-mutex.ts';
import { createWorkspaces } from '../../src/workspaces/workspaces.ts';
import { beginTurn, makePlace, turnEnd } from '../support/real-server.ts';
import { HOSTILE, sessionId, write } from '../workspaces/fixture.ts';
import { test } from './shared-server.ts';

test.serial('the real OpenCode server loads no code of the project that a session works on', async (t) => {
  await using place = await makePlace();
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
  const { path } = await workspaces.prepareWorkspace({
    sessionId: sessionId(),
    directory: place.repository,
    workspace: 'worktree',
    revision,
  });
  const prompt = await beginTurn(t.context.agent, path, 'bash ls');
  t.like(await turnEnd(t.context.agent, prompt), { type: 'finished' });
  t.false(existsSync(proof));
});
