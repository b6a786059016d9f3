import test from 'ava';
import { namedModel } from '../src/index.ts';

const wish = { type: 'review', agent: null, agentConfig: {}, model: null } as const;

test('the model of a session is its own, else that of its agent, else nobody names one', (t) => {
  t.is(namedModel(wish), null);
  t.is(namedModel({ ...wish, agentConfig: { other: { model: 'a/other' } } }), null);
  t.is(namedModel({ ...wish, agentConfig: { 'meticulous-reviewer': { model: 'a/x' } } }), 'a/x');
  t.is(namedModel({ ...wish, agent: 'own', agentConfig: { own: { model: 'a/x' } } }), 'a/x');
  t.is(namedModel({ ...wish, model: 'a/y', agentConfig: { 'meticulous-reviewer': { model: 'a/x' } } }), 'a/y');
});
