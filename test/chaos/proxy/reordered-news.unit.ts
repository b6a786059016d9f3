import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { ReorderedNews } from './reordered-news.ts';

const message = (subject: string, text: string): string => `MSG ${subject} 3 ${text.length}\r\n${text}\r\n`;
const reversedTwice = {
  subject: 'news',
  window: 2,
  mixed: (messages: readonly Buffer[]) => [...messages, ...messages].toReversed(),
};

function open() {
  let passed = '';
  const news = new ReorderedNews((bytes) => (passed += bytes.toString()));
  return {
    passed: () => passed,
    take: (text: string, reordering: typeof reversedTwice | null = reversedTwice) =>
      news.take(Buffer.from(text), reordering),
  };
}

test('messages of one subject are passed on as it is said, all others at once, however they are cut into chunks', (t) => {
  const { take, passed } = open();
  const [one, two] = [message('news', 'one\r\nMSG news 3 1'), message('news', 'two')];
  const text = `${one}PING\r\n${message('others', 'x')}HMSG others 4 2 5\r\nabcde\r\n${two}+OK\r\n`;
  take(text.slice(0, 12));
  for (const character of text.slice(12)) take(character);
  t.is(passed(), `PING\r\n${message('others', 'x')}HMSG others 4 2 5\r\nabcde\r\n${two}${one}${two}${one}+OK\r\n`);
});

test('what is not understood yet passes as it came', (t) => {
  const { take, passed } = open();
  take('the end of a message\r\nMSG news 3 1\r\n');
  take('x\r\n');
  t.is(passed(), 'the end of a message\r\nMSG news 3 1\r\nx\r\n');
});

test('a window that does not fill is passed on soon, or when the reordering ends', async (t) => {
  const { take, passed } = open();
  const one = message('news', 'one');
  take(one);
  await pause(0);
  t.is(passed(), '');
  await eventually(() => passed() === one + one);
  take(one);
  take(one.slice(0, 5), null);
  take(one.slice(5), null);
  t.is(passed(), one.repeat(5));
});
