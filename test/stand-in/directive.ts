import { workNamedIn } from './named-faults.ts';
import { PROVIDER_ERRORS, type ProviderError } from './provider-errors.ts';

/** What a prompt tells the stand-in to do, in place of a model. */
export interface Work {
  /** How long a turn takes in all, spread over its steps. */
  readonly ms: number;
  /** Model calls; all but the last call a tool. */
  readonly steps: number;
  /** How the last step finishes: `stop`, `length`, `content-filter`, or `unknown`, which is repeated for ever. */
  readonly finish: string;
  /** The HTTP status of a provider that refuses; null when it answers. */
  readonly status: number | null;
  /** How it fails beyond a status. */
  readonly error: ProviderError | null;
  /** How long after the end its error is stored, in milliseconds. */
  readonly store: number;
  /** How long nothing is said of the turn after the 204, in milliseconds. */
  readonly late: number;
  /** How the tools end that are called. */
  readonly tool: 'exit' | 'invalid' | 'error' | null;
  /** The conversation is summed up after the first tool. */
  readonly compact: boolean;
  /** The answer holds what breaks terminals, pages and databases. */
  readonly hostile: boolean;
  /** How long the sub-sessions take, if not as long as the turn. */
  readonly childMs: number | null;
  /** How many turns of a session the provider refuses before it answers. */
  readonly fail: number;
  /** How often the provider is asked again before it answers, each after 100 ms. */
  readonly retry: number;
  /** What the first tool call asks somebody for; `rejected`: somebody else says no at once, and nothing more. */
  readonly ask: 'permission' | 'question' | 'rejected' | null;
  /** Sub-sessions that are opened in the first step and take as long as the turn. */
  readonly children: number;
  /** What each of them asks somebody for. */
  readonly childAsk: Work['ask'];
  /** What never ends by itself: the last answer, before or after its first token, or the first tool. */
  readonly hang: 'first' | 'tokens' | 'tool' | null;
  /** In how many pieces the last answer comes, spread over its time. */
  readonly pieces: number;
  /** How long the provider wants to be left alone before it answers, in seconds. */
  readonly wait: number;
  /** Whether each run breaks off in its answer, without a word, as if the server had died. */
  readonly cut: boolean;
  /** The prompt is accepted and then not even stored, or stored and not run, or its agent or model is not known. */
  readonly ignored: 'lost' | 'asleep' | 'agent' | 'model' | null;
  /** Length of the answer, in characters. */
  readonly bytes: number;
}

const DIRECTIVE = /\[\[work\b([^\]]*)\]\]/;

/** The first `[[work ms=500 steps=2]]` of a text, or what its `[[fault …]]` stands for; without one, one step that is done at once. */
export function workOf(text: string): Work {
  const given = wordsOf(workNamedIn(text) ?? DIRECTIVE.exec(text)?.[1] ?? '');
  const number = (name: string, otherwise: number): number => Number(given.get(name) ?? otherwise);
  const askBy = (name: string) => oneOf(['permission', 'question', 'rejected'] as const, given.get(name));
  const ask = askBy('ask');
  const hang = oneOf(['first', 'tokens', 'tool'], given.get('hang')) ?? (given.has('hang') ? 'first' : null);
  return {
    ms: number('ms', 0),
    steps: Math.max(number('steps', 1), ask || hang === 'tool' ? 2 : 1),
    finish: given.get('finish') ?? 'stop',
    status: given.has('status') ? number('status', 500) : null,
    fail: number('fail', Number.POSITIVE_INFINITY),
    retry: number('retry', 0),
    ask,
    children: number('children', 0),
    childAsk: askBy('childask'),
    hang,
    pieces: number('pieces', 1),
    wait: number('wait', 0),
    cut: given.has('cut'),
    ignored: oneOf(['lost', 'asleep', 'agent', 'model'], given.get('ignored')),
    bytes: number('bytes', 4),
    ...oddities(given, number),
  };
}

function oddities(given: ReadonlyMap<string, string>, number: (name: string, otherwise: number) => number) {
  return {
    error: oneOf(PROVIDER_ERRORS, given.get('error')),
    store: number('store', 0),
    late: number('late', 0),
    tool: oneOf(['exit', 'invalid', 'error'], given.get('tool')),
    compact: given.has('compact'),
    hostile: given.get('text') === 'hostile',
    childMs: given.has('childms') ? number('childms', 0) : null,
  };
}

function wordsOf(directive: string): ReadonlyMap<string, string> {
  const words = directive.split(/\s+/).filter(Boolean);
  return new Map(words.map((word) => word.split('=')).map(([name = '', value = 'true']) => [name, value]));
}

function oneOf<T extends string>(words: readonly T[], word: string | undefined): T | null {
  return words.find((one) => one === word) ?? null;
}
