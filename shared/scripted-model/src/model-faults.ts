import type { Conversation } from './conversation.ts';
import type { Fault, Reply, Script, Step } from './script.ts';
import { httpError } from './script.ts';
import { bash } from './tool-calls.ts';

/** The faults of a model that have a name. `npm run faults -- list` says what each does and what is to come of it. */
export const MODEL_FAULTS = [
  'no-first-token',
  'stream-stalls',
  'empty-stream',
  'html-from-provider',
  'garbled-stream',
  'answer-truncated',
  'content-filtered',
  'refused-400',
  'refused-401',
  'refused-403',
  'refused-404',
  'provider-fails',
  'provider-fails-briefly',
  'rate-limited-briefly',
  'rate-limited-for-an-hour',
  'quota-used-up',
  'connection-reset-once',
  'stream-reset-once',
  'context-overflow',
  'context-overflow-once',
  'usage-over-limit',
  'unknown-tool',
  'tool-input-wrong',
  'tool-fails',
  'tool-never-ends',
  'steps-without-end',
  'answer-without-end',
  'hostile-text',
  'sub-agent-hangs',
  'sub-agent-ends-first',
] as const;
export type ModelFault = (typeof MODEL_FAULTS)[number];

/** What a prompt says to meet a fault; on the stand-in for an OpenCode server (test/stand-in) the same. */
export function faultMark(name: string): string {
  return `[[fault ${name}]]`;
}

/**
 * A script for each fault that has a name. They count calls, so that a fault can pass: what was made here belongs to one
 * endpoint. With `always` the fault strikes whatever the prompt says.
 */
export function modelFaultScripts({ always }: { readonly always?: ModelFault } = {}): readonly Script[] {
  const names = always ? [always] : MODEL_FAULTS;
  return names.map((name) => ({
    name,
    matches: ({ prompts, answers }: Conversation) =>
      always !== undefined || [...prompts, ...answers].some((said) => said.includes(faultMark(name))),
    steps: STEPS[name](),
  }));
}

const DONE = { text: 'done' };
/** What is typed into a terminal, a page and a database to break them. */
export const HOSTILE_TEXT =
  "\u001b[2J\u001b]0;owned\u0007<script>alert(1)</script>\u0000\ud800 \u202e'; drop table sessions; --";
const OVERFLOW = httpErrorWith('context_length_exceeded', "This model's maximum context length is 200000 tokens.", 400);

const STEPS: Readonly<Record<ModelFault, () => readonly Step[]>> = {
  'no-first-token': () => [{ fault: { kind: 'silence' } }],
  'stream-stalls': () => [{ fault: { kind: 'silence', after: 'I begin, and ' } }],
  'empty-stream': () => [{ fault: { kind: 'empty_stream' } }],
  'html-from-provider': () => [{ fault: { kind: 'html' } }],
  'garbled-stream': () => [{ fault: { kind: 'malformed_json', after: 'I begin, and ' } }],
  'answer-truncated': () => [{ text: 'I was cut', finishReason: 'length' }],
  'content-filtered': () => [{ text: 'I must not', finishReason: 'content_filter' }],
  'refused-400': () => [httpError(400, 'The request is refused.')],
  'refused-401': () => [httpError(401, 'The key is refused.')],
  'refused-403': () => [httpError(403, 'The key may not do that.')],
  'refused-404': () => [httpError(404, 'There is no such model.')],
  'provider-fails': () => [httpError(503, 'The provider is overloaded.', SOON)],
  'provider-fails-briefly': () => [atFirst(2, httpError(500, 'The provider failed.', SOON))],
  'rate-limited-briefly': () => [atFirst(1, httpError(429, 'Too many requests.', { 'retry-after': '1' }))],
  'rate-limited-for-an-hour': () => [httpError(429, 'Too many requests.', { 'retry-after': '3600' })],
  'quota-used-up': () => [httpErrorWith('insufficient_quota', 'You exceeded your current quota.', 429)],
  'connection-reset-once': () => [atFirst(1, { fault: { kind: 'connection_reset' } })],
  'stream-reset-once': () => [atFirst(1, { fault: { kind: 'connection_reset', after: 'I begin, and ' } })],
  'context-overflow': () => [OVERFLOW],
  'context-overflow-once': () => [atFirst(1, OVERFLOW)],
  'usage-over-limit': () => [atFirst(1, { toolCalls: [bash('echo one')], promptTokens: 300_000 })],
  'unknown-tool': () => [{ toolCalls: [{ name: 'no_such_tool', input: {} }] }, DONE],
  'tool-input-wrong': () => [{ toolCalls: [{ name: 'write', input: { nothing: 'of use' } }] }, DONE],
  'tool-fails': () => [{ toolCalls: [bash('exit 3')] }, DONE],
  'tool-never-ends': () => [{ toolCalls: [bash('sleep 600')] }, DONE],
  // More of them than anybody allows; what comes after them does not matter.
  'steps-without-end': () => Array.from({ length: 1_000 }, (_, step) => ({ toolCalls: [bash(`echo ${step}`)] })),
  'answer-without-end': () => [{ fault: { kind: 'drip', everyMs: 500, pieces: Number.POSITIVE_INFINITY } }],
  'hostile-text': () => [{ text: HOSTILE_TEXT.repeat(100) }],
  'sub-agent-hangs': () => [delegation('no-first-token'), DONE],
  'sub-agent-ends-first': () => [delegation('none'), { fault: { kind: 'drip', everyMs: 500, pieces: 4 } }],
};

/** So that the tries of OpenCode take half a second, not a minute. */
const SOON = { 'retry-after-ms': '100' };

/** The first calls for a step meet the fault, the later ones are answered. A conversation that was compacted is the same. */
function atFirst(times: number, fault: Reply): Step {
  const calls = new Map<string, number>();
  return ({ sessionId, prompts }) => {
    const key = sessionId ?? prompts.join('\n');
    const number = (calls.get(key) ?? 0) + 1;
    calls.set(key, number);
    return number > times ? DONE : fault;
  };
}

function httpErrorWith(code: string, message: string, status: number): { readonly fault: Fault } {
  return { fault: { kind: 'http_error', status, body: { error: { message, type: code, param: null, code } } } };
}

/** The sub-agent is told the rest of the prompt too, so that whoever sees its calls can tell whose they are. */
function delegation(fault: string): Step {
  return ({ prompts }) => {
    const rest = (prompts.at(-1) ?? '').replaceAll(/\[\[fault [\w-]+\]\]/g, '').trim();
    const prompt = `${faultMark(fault)} ${rest}`.trim();
    return { toolCalls: [{ name: 'task', input: { description: 'a part of it', prompt, subagent_type: 'general' } }] };
  };
}
