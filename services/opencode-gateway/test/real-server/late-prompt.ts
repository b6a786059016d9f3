import { newMessageId } from '@oio/runtime';
import { MODEL, promptsIn, turnEnd } from '../support/real-server.ts';
import { test } from './shared-server.ts';

test.serial(
  'a prompt that comes after its session was deleted reaches no model, also under an id that another session uses',
  async (t) => {
    const { agent, directory, model } = t.context;
    const [given, used] = [
      await agent.createSession({ directory, title: 'given up' }),
      await agent.createSession({ directory, title: 'used' }),
    ];
    const prompt = { directory, messageId: newMessageId(), agent: 'industrial-coder', model: MODEL };
    await agent.deleteSession({ sessionId: given.id, directory });
    await agent.deleteSession({ sessionId: given.id, directory });
    t.is(await agent.getSession({ sessionId: given.id, directory }), null);

    const live = { ...prompt, sessionId: used.id, text: 'say once' };
    await agent.prompt(live);
    t.like(await turnEnd(agent, live), { type: 'finished', text: 'once' });
    const asked = model.requests.length;
    await t.throwsAsync(agent.prompt({ ...prompt, sessionId: given.id, text: 'say twice' }), { code: 'not_found' });
    const messages = await agent.messages(live);
    t.is(promptsIn(messages), 1);
    t.false(JSON.stringify(messages).includes('say twice'));
    t.is(model.requests.length, asked);
  },
);
