import { NotFoundError, TimeoutError } from '@oio/errors';
import test from 'ava';
import { stopTurn } from '../../src/attempts/stop-turn.ts';
import type { Activity, AgentServer, SessionRef } from '../../src/ports.ts';

const ref = { sessionId: 'ses_1', directory: '/project' };

/** An OpenCode of which only the activities matter: one map per look, the last for ever. */
function fakeServer(looks: readonly (readonly string[])[], children: Readonly<Record<string, string>> = {}) {
  const aborted: string[] = [];
  let look = 0;
  const busy: Activity = { type: 'busy' };
  const server = {
    abort: ({ sessionId }: SessionRef) => Promise.resolve(void aborted.push(sessionId)),
    children({ sessionId }: SessionRef) {
      const child = children[sessionId];
      if (sessionId === 'unknown') return Promise.reject(new NotFoundError('no such session'));
      return Promise.resolve(child ? [{ id: child, directory: ref.directory }] : []);
    },
    activities: () => Promise.resolve(new Map((looks[look++] ?? looks.at(-1) ?? []).map((id) => [id, busy]))),
  };
  return { aborted, agent: server as unknown as AgentServer, looks: () => look };
}

test('a turn is stopped with its sub-sessions, which are aborted as long as they work', async (t) => {
  const { agent, aborted } = fakeServer([['ses_2'], ['ses_2'], []], { ses_1: 'ses_2' });
  t.is(await stopTurn(agent, ref, { sentAtMs: null }), 'Aborted; 2 OpenCode sessions seen idle.');
  t.deepEqual(aborted, ['ses_1', 'ses_2', 'ses_2']);
});

test('a prompt that was just sent is looked at until its run would have been registered', async (t) => {
  const { agent, aborted } = fakeServer([[], [], ['ses_1'], []]);
  await stopTurn(agent, ref, { sentAtMs: performance.now() - 2_000 });
  t.deepEqual(aborted, ['ses_1', 'ses_1']);
});

test('a session that OpenCode no longer knows is idle', async (t) => {
  const { agent } = fakeServer([[]]);
  const proof = await stopTurn(agent, { ...ref, sessionId: 'unknown' }, { sentAtMs: null });
  t.is(proof, 'Aborted; 1 OpenCode session seen idle.');
});

test('a turn that goes on in spite of it is no proof', async (t) => {
  const { agent } = fakeServer([['ses_1']]);
  await t.throwsAsync(stopTurn(agent, ref, { sentAtMs: null }), { instanceOf: TimeoutError, message: /ses_1 went on/ });
});
