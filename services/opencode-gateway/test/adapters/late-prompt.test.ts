import { newMessageId } from '@oio/runtime';
import test from 'ava';
import { startObedientModel } from '../support/obedient-model.ts';
import { makePlace, MODEL, optionsFor, promptsIn, startRealServer, turnEnd } from '../support/real-server.ts';

test('a prompt that comes after its session was deleted reaches no model, also under an id that another session uses', async (t) => {
  await using place = await makePlace();
  await using model = await startObedientModel();
  await using real = await startRealServer(optionsFor(model, place.data));
  const { agent } = real;
  const [given, used] = [
    await agent.createSession({ directory: place.repository, title: 'given up' }),
    await agent.createSession({ directory: place.repository, title: 'used' }),
  ];
  const prompt = { directory: place.repository, messageId: newMessageId(), agent: 'industrial-coder', model: MODEL };
  await agent.deleteSession({ sessionId: given.id, directory: place.repository });
  await agent.deleteSession({ sessionId: given.id, directory: place.repository });
  t.is(await agent.getSession({ sessionId: given.id, directory: place.repository }), null);

  const live = { ...prompt, sessionId: used.id, text: 'say once' };
  await agent.prompt(live);
  t.like(await turnEnd(agent, live), { type: 'finished', text: 'once' });
  const asked = model.requests.length;
  await t.throwsAsync(agent.prompt({ ...prompt, sessionId: given.id, text: 'say twice' }), { code: 'not_found' });
  const messages = await agent.messages(live);
  t.is(promptsIn(messages), 1);
  t.false(JSON.stringify(messages).includes('say twice'));
  t.is(model.requests.length, asked);
});
