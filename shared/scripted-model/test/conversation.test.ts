import test from 'ava';
import { chatRequest } from '../src/chat-request.ts';
import { type Conversation, lastResults, projectPath, readConversation } from '../src/conversation.ts';
import { type ChatMessage, called, result, user } from './ask.ts';

function conversation(...messages: readonly ChatMessage[]): Conversation {
  return readConversation(chatRequest.parse({ model: 'demo', messages }), null);
}

test('a step is finished when its tools have answered', (t) => {
  const { steps } = conversation(user('go'), called('a', 'read'), result('a', 'content'));
  t.deepEqual(steps, [{ toolCalls: [{ name: 'read', input: '{}', result: 'content' }] }]);
});

test('the steps are counted from the last prompt on', (t) => {
  const asked = conversation(user('go'), called('a', 'read'), result('a', 'content'), user('again'));
  t.deepEqual(asked.steps, []);
  t.deepEqual(asked.prompts, ['go', 'again']);
});

for (const words of ['[Tool execution was interrupted]', 'Tool execution aborted', 'x\nUser aborted the command']) {
  test(`a step whose tool says "${words.slice(0, 30)}" is not finished`, (t) => {
    const { steps } = conversation(
      user('go'),
      called('a', 'bash'),
      result('a', 'done'),
      called('b', 'bash'),
      result('b', words),
    );
    t.is(steps.length, 1);
  });
}

test('a step without a result, and text that a crash left behind, are not finished', (t) => {
  const { steps } = conversation(user('go'), { role: 'assistant', content: 'I will' }, called('a', 'bash'));
  t.deepEqual(steps, []);
});

test('results come in the order of the calls, not of the answers', (t) => {
  const both = {
    role: 'assistant',
    content: null,
    tool_calls: [...calls(called('a', 'read')), ...calls(called('b', 'read'))],
  };
  t.deepEqual(lastResults(conversation(user('go'), both, result('b', 'second'), result('a', 'first'))), [
    'first',
    'second',
  ]);
});

test('content in parts is read like plain content', (t) => {
  const parts = [{ type: 'text', text: 'one' }, { type: 'image_url' }, { type: 'text', text: 'two' }];
  t.deepEqual(conversation({ role: 'user', content: parts }).prompts, ['one\n\ntwo']);
});

test('paths lie in the working directory that the system prompt names', (t) => {
  const asked = conversation(
    { role: 'system', content: '<env>\n  Working directory: /a b/c\n  Platform: linux\n</env>' },
    user('go'),
  );
  t.is(projectPath(asked, 'src/x.js'), '/a b/c/src/x.js');
  t.is(projectPath(asked, '.'), '/a b/c');
});

test('without a working directory no path can be named', (t) => {
  t.throws(() => projectPath(conversation(user('go')), 'x'), {
    name: 'InvalidError',
    message: /names no working directory/,
  });
});

function calls(message: ChatMessage): readonly unknown[] {
  return message['tool_calls'] as readonly unknown[];
}
