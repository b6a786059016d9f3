import test, { type ExecutionContext } from 'ava';
import {
  bash,
  httpError,
  promptIncludes,
  read,
  type Script,
  type ScriptedModel,
  type Step,
  startScriptedModel,
} from '../src/index.ts';
import { ask, called, hear, post, result, type Usage, user } from './ask.ts';

const greeting = script('greet', [{ text: 'Hello, dear world!' }]);

test('an answer is streamed in small pieces', async (t) => {
  const model = await start(t, [greeting]);
  const { text, finishReason, events } = await hear(await ask(model, [user('greet me')]));
  t.is(text, 'Hello, dear world!');
  t.is(finishReason, 'stop');
  t.true(events > 3);
});

test('tool calls are streamed with whole inputs and lead to the next step', async (t) => {
  const long = `echo ${'long '.repeat(50)}`;
  const model = await start(t, [
    script('work', [{ reasoning: 'Hm.', toolCalls: [bash(long), read('/x')] }, { text: 'Done.' }]),
  ]);
  const first = await hear(await ask(model, [user('work')]));
  t.is(first.reasoning, 'Hm.');
  t.is(first.finishReason, 'tool_calls');
  t.deepEqual(
    first.toolCalls.map(({ name, input }) => ({ name, input })),
    [bash(long), read('/x')],
  );
  t.is(new Set(first.toolCalls.map((call) => call.id)).size, 2);
  const second = await hear(await ask(model, [user('work'), called('a', 'bash'), result('a', 'long')]));
  t.is(second.text, 'Done.');
});

test('the same conversation gets the same answer, however often it asks', async (t) => {
  const model = await start(t, [greeting]);
  const answers = [await hear(await ask(model, [user('greet me')])), await hear(await ask(model, [user('greet me')]))];
  t.deepEqual(answers[0], answers[1]);
});

test('a step that was interrupted comes again, under another call id', async (t) => {
  const model = await start(t, [script('work', [{ toolCalls: [bash('make')] }, { text: 'Done.' }])]);
  const first = await hear(await ask(model, [user('work')]));
  const id = first.toolCalls[0]?.id ?? '';
  const interrupted = [called(id, 'bash'), result(id, '[Tool execution was interrupted]')];
  const again = await hear(await ask(model, [user('work'), ...interrupted]));
  t.deepEqual(again.toolCalls[0]?.input, { command: 'make' });
  t.not(again.toolCalls[0]?.id, id);
});

test('a step can depend on what the tools said', async (t) => {
  const step: Step = ({ steps }) => ({ text: `It said ${steps[0]?.toolCalls[0]?.result}.` });
  const model = await start(t, [script('work', [{ toolCalls: [bash('make')] }, step])]);
  const { text } = await hear(await ask(model, [user('work'), called('a', 'bash'), result('a', 'ok')]));
  t.is(text, 'It said ok.');
});

test('conversations in parallel do not disturb each other', async (t) => {
  const model = await start(t, [
    script('one', [{ text: 'I' }]),
    script('two', [{ toolCalls: [bash('x')] }, { text: 'II' }]),
  ]);
  const asked = Array.from({ length: 20 }, (_, index) =>
    index % 2 === 0 ? ask(model, [user('one')]) : ask(model, [user('two'), called('a', 'bash'), result('a', '')]),
  );
  const heard = await Promise.all(asked.map(async (response) => (await hear(await response)).text));
  t.deepEqual(
    heard,
    Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? 'I' : 'II')),
  );
});

test('a call for a title is answered with one, and no script is asked', async (t) => {
  const model = await start(t, [greeting]);
  const system = { role: 'system', content: 'You are a title generator. You output ONLY a thread title.' };
  const { text } = await hear(await ask(model, [system, user('greet me and all of my good friends')], { tools: [] }));
  t.is(text, 'greet me and all of my');
  t.deepEqual(
    model.requests.map((request) => request.script),
    [null],
  );
});

test('a script at its end says so and ends the turn', async (t) => {
  const model = await start(t, [greeting]);
  const { text, finishReason } = await hear(await ask(model, [user('greet'), called('a', 'x'), result('a', 'y')]));
  t.is(text, 'That was all.');
  t.is(finishReason, 'stop');
});

test('a client that does not stream gets the whole answer at once', async (t) => {
  const model = await start(t, [script('work', [{ text: 'Now.', reasoning: 'Hm.', toolCalls: [bash('make')] }])]);
  const response = await ask(model, [user('work')], { stream: false });
  const body = (await response.json()) as { choices: unknown[] };
  t.like(body.choices[0], {
    finish_reason: 'tool_calls',
    message: {
      content: 'Now.',
      reasoning_content: 'Hm.',
      tool_calls: [{ type: 'function', function: { name: 'bash', arguments: '{"command":"make"}' } }],
    },
  });
});

test('usage follows the length of the texts, and what was sent before counts as cached', async (t) => {
  const model = await start(t, [
    script('work', [{ toolCalls: [bash('make')] }, { reasoning: 'x'.repeat(40), text: 'y'.repeat(80) }]),
  ]);
  const prompt = user(`work ${'z'.repeat(4_000)}`);
  const first = await usageOf(ask(model, [prompt]));
  const second = await usageOf(ask(model, [prompt, called('a', 'bash'), result('a', 'ok')]));
  t.is(first.prompt_tokens_details.cached_tokens, 0);
  t.is(second.prompt_tokens_details.cached_tokens, 1_024);
  t.true(second.prompt_tokens > first.prompt_tokens);
  t.is(second.completion_tokens_details.reasoning_tokens, 10);
  t.is(second.completion_tokens, 30);
  t.is(second.total_tokens, second.prompt_tokens + 30);
});

test('calls are recorded with their script and step', async (t) => {
  const model = await start(t, [greeting]);
  await hear(await ask(model, [user('greet me')]));
  t.like(model.requests[0], { script: 'greet', step: 0, conversation: { sessionId: 'ses_1', tools: ['bash'] } });
});

test('a wrong key is refused', async (t) => {
  const response = await post(await start(t, [greeting]), '{}', 'wrong');
  t.is(response.status, 401);
  t.like(await response.json(), { error: { code: 'invalid_api_key' } });
});

test('the models are listed', async (t) => {
  const model = await start(t, [greeting]);
  const response = await fetch(`${model.url}/v1/models`, { headers: { authorization: `Bearer ${model.apiKey}` } });
  t.like(await response.json(), { object: 'list', data: [{ id: 'demo' }] });
});

test('an unknown path is 404 and a wrong method 405, both as JSON', async (t) => {
  const model = await start(t, [greeting]);
  const unknown = await fetch(`${model.url}/v1/nothing`);
  t.is(unknown.status, 404);
  t.like(await unknown.json(), { error: { code: 'unknown_url' } });
  t.is((await fetch(`${model.url}/v1/chat/completions`)).status, 405);
});

for (const [what, body] of [
  ['no JSON', '{'],
  ['no messages', '{"model":"demo","messages":[]}'],
  ['an unknown role', '{"model":"demo","messages":[{"role":"nobody"}]}'],
] as const) {
  test(`a request with ${what} is refused`, async (t) => {
    const response = await post(await start(t, [greeting]), body);
    t.is(response.status, 400);
    t.like(await response.json(), { error: { code: 'invalid' } });
  });
}

test('a conversation that no script matches is refused', async (t) => {
  const response = await ask(await start(t, [greeting]), [user('something else')]);
  t.is(response.status, 400);
  t.like(await response.json(), { error: { code: 'no_script' } });
});

test('a script that throws is a refused request with its message', async (t) => {
  const broken: Step = () => {
    throw new Error('The script is broken.');
  };
  const response = await ask(await start(t, [script('greet', [broken])]), [user('greet')]);
  t.is(response.status, 400);
  t.like(await response.json(), { error: { code: 'script_failed', message: 'The script is broken.' } });
});

test('a port that is taken is a reason not to start', async (t) => {
  const model = await start(t, [greeting]);
  const port = Number(new URL(model.url).port);
  await t.throwsAsync(startScriptedModel({ scripts: [], port }), {
    name: 'StartupError',
    message: new RegExp(String(port)),
  });
});

test('the endpoint can be reused by its fault-free neighbours after an HTTP error', async (t) => {
  const model = await start(t, [script('fail', [httpError(503, 'Overloaded', { 'retry-after-ms': '100' })]), greeting]);
  const response = await ask(model, [user('fail')]);
  t.is(response.status, 503);
  t.is(response.headers.get('retry-after-ms'), '100');
  t.like(await response.json(), { error: { message: 'Overloaded' } });
  t.is((await hear(await ask(model, [user('greet')]))).text, 'Hello, dear world!');
});

async function usageOf(response: Promise<Response>): Promise<Usage> {
  const { usage } = await hear(await response);
  if (!usage) throw new Error('The answer has no usage.');
  return usage;
}

function script(marker: string, steps: readonly Step[]): Script {
  return { name: marker, matches: promptIncludes(marker), steps };
}

async function start(t: ExecutionContext, scripts: readonly Script[]): Promise<ScriptedModel> {
  const model = await startScriptedModel({ scripts, tokenDelayMs: 0 });
  t.teardown(() => model.stop());
  return model;
}
