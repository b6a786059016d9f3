import test from 'ava';
import { createNullAgentServer } from '../../src/testing/null-agent-server.ts';
import { drivenTurn } from '../support/driven-turn.ts';

test('a prompt waits for its turn before the gate is passed, so that the gate’s answer is fresh when it is sent', async (t) => {
  const said: string[] = [];
  const agent = createNullAgentServer();
  const told = {
    ...agent,
    prompt: async (prompt) => (said.push('prompt'), agent.prompt(prompt)),
  } satisfies typeof agent;
  const end = await drivenTurn(told, {
    pass: async () => void said.push('gate'),
    awaitPromptTurn: async () => void said.push('turn'),
  });
  t.is(end.type, 'finished');
  t.deepEqual(said, ['turn', 'gate', 'prompt']);
});
