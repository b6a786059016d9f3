import test from 'ava';
import type { TracedSession } from './busy-lanes.ts';
import type { StoredMessage, StoredPart } from './conversation.ts';
import { judge } from './judge.ts';
import { LAST_WORDS, TRACED_STEPS, traceOf, tracedPrompt } from './traced-turns.ts';

const session = (status: string, code = 'turn_interrupted'): TracedSession => {
  const failure = status === 'failed' ? { code } : null;
  const last = { status, metrics: { result: { text: LAST_WORDS } }, failure };
  return { number: 7, id: 'seven', directory: '/', last: last as unknown as TracedSession['last'] };
};
const prompt = (...texts: string[]): StoredMessage => ({
  info: { id: 'msg_0', role: 'user', time: {} },
  parts: texts.map((text) => ({ type: 'text', text })),
});
const call = (step: number, status: string): StoredPart => ({
  type: 'tool',
  tool: 'bash',
  state: { status, input: { command: `echo '${traceOf(7, step).begun}'` } },
});
const answer = (finish: string | undefined, ...parts: StoredPart[]): StoredMessage => ({
  info: { id: 'msg_1', role: 'assistant', ...(finish && { finish }), time: { ...(finish && { completed: 1 }) } },
  parts,
});
const steps = TRACED_STEPS.map((step) => answer('tool-calls', call(step, 'completed')));
const whole = [prompt(tracedPrompt(7)), ...steps, answer('stop')];
const trace = TRACED_STEPS.flatMap((step) => Object.values(traceOf(7, step)));

test('nothing is wrong with a turn that did everything once', (t) => {
  const { untrue, doubledPrompts, repeatedTools, begunAnew } = judge(session('completed'), whole, trace);
  t.deepEqual([untrue, doubledPrompts, repeatedTools, begunAnew], [[], [], [], 0]);
});

test('a tool that a kill broke off may be begun anew', (t) => {
  const [first, ...rest] = whole as [StoredMessage, ...StoredMessage[]];
  const messages = [first, answer(undefined, call(1, 'running')), ...rest];
  const { untrue, repeatedTools, begunAnew } = judge(session('completed'), messages, [traceOf(7, 1).begun, ...trace]);
  t.deepEqual([untrue, repeatedTools, begunAnew], [[], [], 1]);
});

test('a finished tool that is called again is told', (t) => {
  const messages = [...whole.slice(0, -1), answer('tool-calls', call(2, 'completed')), answer('stop')];
  t.is(judge(session('completed'), messages, trace).repeatedTools.length, 1);
});

test('a tool that ran more often than it was called is told', (t) => {
  t.is(judge(session('completed'), whole, [...trace, traceOf(7, 3).begun]).repeatedTools.length, 1);
});

test('a prompt that was said twice is told, in one message or in two', (t) => {
  const twice = [prompt(tracedPrompt(7), tracedPrompt(7)), ...whole.slice(1)];
  t.is(judge(session('completed'), twice, trace).doubledPrompts.length, 1);
  t.is(judge(session('completed'), [prompt(tracedPrompt(7)), ...whole], trace).doubledPrompts.length, 2);
});

test('a state that is not what happened is told', (t) => {
  t.is(judge(session('completed'), whole.slice(0, -1), trace).untrue.length, 1);
  t.is(judge(session('completed'), whole, trace.slice(0, -1)).untrue.length, 1);
  t.is(judge(session('failed'), whole, trace).untrue.length, 1);
  t.is(judge(session('running'), whole, trace).untrue.length, 1);
});

test('a reason that no kill brings about is told', (t) => {
  const broken = whole.slice(0, -1);
  t.deepEqual(judge(session('failed'), broken, trace).untrue, []);
  t.is(judge(session('failed', 'context_overflow'), broken, trace).untrue.length, 1);
});
