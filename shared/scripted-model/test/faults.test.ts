import test, { type ExecutionContext } from 'ava';
import { createGate, type Fault, promptIncludes, type ScriptedModel, startScriptedModel } from '../src/index.ts';
import { ask, hear, user } from './ask.ts';

test('a reset connection ends the answer without a status', async (t) => {
  const model = await start(t, { kind: 'connection_reset' });
  await t.throwsAsync(ask(model, [user('go')]), { instanceOf: TypeError });
});

test('a connection that is reset in mid-stream breaks the body off', async (t) => {
  const model = await start(t, { kind: 'connection_reset', after: 'I will now' });
  await t.throwsAsync(async () => hear(await ask(model, [user('go')])), { instanceOf: TypeError });
});

test('malformed JSON comes as an event of a good answer', async (t) => {
  const model = await start(t, { kind: 'malformed_json', after: 'I' });
  const response = await ask(model, [user('go')]);
  t.is(response.status, 200);
  const events = (await response.text()).split('\n\n').filter(Boolean);
  t.throws(() => void JSON.parse(events.at(-1)?.slice('data: '.length) ?? ''), { instanceOf: SyntaxError });
});

test('an empty stream ends without an answer and without a reason', async (t) => {
  const model = await start(t, { kind: 'empty_stream' });
  t.is(await (await ask(model, [user('go')])).text(), 'data: [DONE]\n\n');
});

test('a stalled answer waits for its gate, headers included', async (t) => {
  const gate = createGate();
  const model = await start(t, { kind: 'stall', gate, answer: { text: 'At last.' } });
  let answered = false;
  const response = ask(model, [user('go')]).finally(() => {
    answered = true;
  });
  await gate.reached;
  await fetch(`${model.url}/v1/models`);
  t.false(answered);
  gate.release();
  t.is((await hear(await response)).text, 'At last.');
});

test('an answer that stalls in mid-stream has said its first words', async (t) => {
  const gate = createGate();
  const model = await start(t, { kind: 'stall', gate, after: 'First ', answer: { text: 'and last.' } });
  const response = await ask(model, [user('go')]);
  t.is(response.status, 200);
  gate.release();
  t.is((await hear(response)).text, 'First and last.');
});

test('a stalled answer that is not streamed comes whole', async (t) => {
  const gate = createGate();
  const model = await start(t, { kind: 'stall', gate, answer: { text: 'At last.' } });
  const response = ask(model, [user('go')], { stream: false });
  await gate.reached;
  gate.release();
  t.like(await (await response).json(), { choices: { 0: { message: { content: 'At last.' } } } });
});

test('stopping cuts an answer that stalls', async (t) => {
  const gate = createGate();
  const model = await start(t, { kind: 'stall', gate, answer: {} });
  const response = ask(model, [user('go')]);
  await gate.reached;
  await Promise.all([t.throwsAsync(response, { instanceOf: TypeError }), model.stop()]);
});

test('a client that leaves is not waited for', async (t) => {
  const gate = createGate();
  const leave = new AbortController();
  const pass = gate.pass(leave.signal);
  leave.abort(new Error('left'));
  await t.throwsAsync(pass, { message: 'left' });
});

async function start(t: ExecutionContext, fault: Fault): Promise<ScriptedModel> {
  const scripts = [{ name: 'fault', matches: promptIncludes('go'), steps: [{ fault }] }];
  const model = await startScriptedModel({ scripts, tokenDelayMs: 0 });
  t.teardown(() => model.stop());
  return model;
}
