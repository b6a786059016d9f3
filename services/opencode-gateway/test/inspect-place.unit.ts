import test from 'ava';
import { answerInspectPlace } from '../src/inspect-place.ts';
import { shareAnswers } from '../src/share-answers.ts';
import { createNullWorkspaces } from '../src/testing/null-agent-server.ts';

const QUESTION = {
  directory: '/project',
  workspace: 'in_place',
  agent: null,
  agentConfigNames: [],
  models: [],
  cpuLimit: null,
  memoryLimitMb: null,
} as const;

function inspect(question: object, obstacles: { cpuLimit: string | null; memoryLimitMb: string | null }) {
  let asked = 0;
  const answer = answerInspectPlace(
    {
      workspaces: createNullWorkspaces(),
      catalogue: async () => ({ agents: new Set(), models: new Set(), defaultModel: 'a/b' }) as never,
      roots: ['/'],
      cgroups: async () => {
        asked += 1;
        return { obstacles };
      },
      shared: shareAnswers(),
    },
    { ...QUESTION, agentConfigNames: [], models: [], ...question },
  );
  return answer.then(({ violations }) => ({ violations, asked }));
}

test('a limit that cannot be enforced is refused with why, and with what to do', async (t) => {
  const obstacles = { cpuLimit: null, memoryLimitMb: 'no cgroups are mounted' };
  const { violations } = await inspect({ cpuLimit: 2, memoryLimitMb: 512 }, obstacles);
  t.like(violations, [{ field: 'memoryLimitMb', code: 'unenforceable' }]);
  t.is(violations.length, 1);
  t.regex(violations[0]?.message ?? '', /no cgroups are mounted.*OPENCODE_CGROUP/);
});

test('a limit that can be enforced is taken, and without one nothing is tried', async (t) => {
  const fine = { cpuLimit: null, memoryLimitMb: null };
  t.deepEqual(await inspect({ cpuLimit: 2, memoryLimitMb: 512 }, fine), { violations: [], asked: 1 });
  t.deepEqual(await inspect({}, fine), { violations: [], asked: 0 });
});
