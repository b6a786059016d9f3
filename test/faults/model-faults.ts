import type { ModelFault } from '@oio/scripted-model';
import type { NamedFault } from './named-fault.ts';

type ModelRow = Omit<NamedFault, 'name' | 'side'>;

/** OpenCode asks a provider again after 2 s, or as soon as that one wants. */
const ASKED_AGAIN = { fixedMs: 8_000, why: 'OpenCode asks the provider again after 2 s and more' };
/** The real agent does what the prompt says with tools of its own, in a directory that it has to open. */
const AT_WORK = { fixedMs: 10_000, why: 'the rest of the turn' };

const ROWS: Readonly<Record<ModelFault, ModelRow>> = {
  'no-first-token': {
    does: 'takes the request and never answers',
    from: [8, 'model: never answers'],
    expected: 'no_first_token',
    bound: { settings: ['OPENCODE_FIRST_TOKEN_SECONDS'] },
  },
  'stream-stalls': {
    does: 'stops in the middle of its answer, for ever',
    from: ['model: stalls in mid-stream', 'hostile: one byte in ten seconds'],
    expected: 'tokens_stalled',
    bound: { settings: ['OPENCODE_SILENCE_SECONDS'] },
  },
  'empty-stream': {
    does: 'answers 200 and ends the stream without a word; OpenCode asks again at once and for ever',
    from: [7, 'hostile: empty 200'],
    expected: 'empty_answers',
    bound: { fixedMs: 1_000, why: 'three empty answers' },
    onReal: { bound: { fixedMs: 8_000, why: 'three empty answers, each a step of OpenCode' } },
  },
  'html-from-provider': {
    does: 'answers 200 and a web page, as from a proxy in between; to OpenCode that is an empty answer',
    from: ['hostile: HTML'],
    expected: 'empty_answers',
    bound: { fixedMs: 1_000, why: 'three empty answers' },
    onReal: { bound: { fixedMs: 8_000, why: 'three empty answers, each a step of OpenCode' } },
  },
  'garbled-stream': {
    does: 'breaks its answer off in the middle of a JSON event',
    from: ['model: malformed SSE JSON', 'hostile: wrong JSON'],
    expected: 'provider_garbled',
    bound: {},
  },
  'answer-truncated': {
    does: 'is cut off at its length limit, which looks like success',
    from: [21, 'model: finish length'],
    expected: 'output_truncated',
    bound: {},
  },
  'content-filtered': {
    does: 'has its answer filtered',
    from: ['model: content_filter'],
    expected: 'content_filtered',
    bound: {},
  },
  'refused-400': { does: 'answers 400', from: ['model: 400'], expected: 'provider_rejected', bound: {} },
  'refused-401': { does: 'answers 401', from: ['model: 401'], expected: 'provider_auth', bound: {} },
  'refused-403': { does: 'answers 403', from: ['model: 403'], expected: 'provider_auth', bound: {} },
  'refused-404': { does: 'answers 404', from: ['model: 404'], expected: 'model_not_found', bound: {} },
  'provider-fails': {
    does: 'answers 503 to every try of OpenCode',
    from: ['model: 500', 'hostile: a storm of 500'],
    expected: 'provider_unavailable',
    bound: {},
    onReal: { bound: { fixedMs: 5_000, why: 'six tries of OpenCode' } },
  },
  'provider-fails-briefly': {
    does: 'answers 500 twice, and then well',
    from: ['model: 500'],
    expected: 'no harm',
    bound: AT_WORK,
  },
  'rate-limited-briefly': {
    does: 'answers 429 with `retry-after: 1` once',
    from: ['model: 429'],
    expected: 'no harm',
    bound: AT_WORK,
  },
  'rate-limited-for-an-hour': {
    does: 'answers 429 with `retry-after: 3600`, which OpenCode obeys',
    from: [8, 'model: 429', 'hostile: 429 with Retry-After'],
    expected: 'retry_wait_too_long',
    bound: {},
  },
  'quota-used-up': {
    does: 'answers 429 insufficient_quota, which OpenCode repeats like any 429',
    from: ['model: 429 insufficient_quota'],
    expected: 'provider_quota',
    bound: {},
  },
  'connection-reset-once': {
    does: 'resets the connection before it answers, once',
    from: ['model: connection reset'],
    expected: 'no harm',
    bound: ASKED_AGAIN,
  },
  'stream-reset-once': {
    does: 'resets the connection in the middle of its answer, once',
    from: ['model: connection reset'],
    expected: 'no harm',
    bound: ASKED_AGAIN,
  },
  'context-overflow': {
    does: 'refuses every request as too long; OpenCode sums up and asks again, for ever',
    from: [5, 'model: context_length_exceeded'],
    expected: 'context_overflow',
    bound: { fixedMs: 1_000, why: 'three refusals, and a summary after each of them' },
    onReal: { bound: { fixedMs: 12_000, why: 'three refusals, and a summary after each of them' } },
  },
  'context-overflow-once': {
    does: 'refuses the first request as too long: an error that is not the end, OpenCode sums up and goes on',
    from: [5, 'model: context_length_exceeded'],
    expected: 'no harm',
    bound: AT_WORK,
  },
  'usage-over-limit': {
    does: 'claims to have used more than its context, so that OpenCode sums up in the middle of the turn',
    from: ['model: usage above the limit'],
    expected: 'no harm',
    bound: AT_WORK,
  },
  'unknown-tool': {
    does: 'calls a tool that is not there',
    from: ['model: unknown tool'],
    expected: 'no harm',
    bound: AT_WORK,
  },
  'tool-input-wrong': {
    does: 'calls a tool with an input that it does not take',
    from: ['model: bad tool schema'],
    expected: 'no harm',
    bound: AT_WORK,
  },
  'tool-fails': {
    does: 'runs a command that exits with 3',
    from: ['model: bash exit 3'],
    expected: 'no harm',
    bound: AT_WORK,
  },
  'tool-never-ends': {
    does: 'runs a command that never ends and says nothing',
    from: ['hostile: runaway time'],
    expected: 'tool_stalled',
    bound: { settings: ['OPENCODE_TOOL_SECONDS'] },
  },
  'steps-without-end': {
    does: 'calls one tool after the other, for ever',
    from: ['hostile: runaway turns'],
    expected: 'too_many_steps',
    bound: { fixedMs: 1_000, why: 'the steps that are allowed' },
    onReal: { bound: { fixedMs: 12_000, why: 'the steps that are allowed' } },
  },
  'answer-without-end': {
    does: 'is never silent and never done',
    from: ['hostile: endless body', 'hostile: runaway time'],
    expected: 'turn_too_long',
    bound: { settings: ['OPENCODE_TURN_SECONDS'] },
  },
  'hostile-text': {
    does: 'says terminal sequences, HTML, NUL, half a surrogate pair and SQL, a hundred times',
    from: ['hostile: ANSI and HTML in output'],
    expected: 'no harm',
    bound: AT_WORK,
  },
  'sub-agent-hangs': {
    does: 'gives work to a sub-agent whose model never answers',
    from: [22, 8],
    expected: 'tool_stalled',
    bound: { settings: ['OPENCODE_TOOL_SECONDS'] },
    ofSubAgent: 'no-first-token',
  },
  'sub-agent-ends-first': {
    does: 'gives work to a sub-agent, whose session tells of an end of its own',
    from: [22],
    expected: 'no harm',
    bound: AT_WORK,
  },
};

/** The faults of the model, which are named in the prompt. */
export const MODEL_ROWS: readonly NamedFault[] = Object.entries(ROWS).map(([name, row]) => ({
  name,
  side: 'model',
  ...row,
}));
