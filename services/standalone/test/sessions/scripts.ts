import { bash, type Conversation, httpError, promptIncludes, type Script } from '@oio/scripted-model';
import { makeTurns } from '../support/sessions.ts';

/** How long the provider refuses all that is "limited", in seconds. */
export const RESET_SECONDS = 12;
export const ONCE_REFUSED = 'refused once';

const END = { text: 'All is done.' };
const OVERLOADED = httpError(503, 'The model is overloaded.', { 'retry-after-ms': '100' });
const isRetried = ({ prompts }: Conversation): boolean => /attempt before/.test(prompts.at(-1) ?? '');

/** What the model does in all tests of sessions.test.ts: the first that fits. */
export const scripts: readonly Script[] = [
  ordered('flaky', [(now) => (isRetried(now) ? END : { toolCalls: [bash('echo flaky >> order.txt')] }), OVERLOADED]),
  ordered('hold', [{ toolCalls: [bash('echo hold >> order.txt; while [ ! -e go ]; do sleep 0.2; done')] }, END]),
  ordered('build', [{ toolCalls: [bash('echo built > build.log')] }, END]),
  ordered('look', [{ toolCalls: [bash('cat build.log >> order.txt')] }, END]),
  ...['first', 'second', 'third'].map((word) => ordered(word)),
  onceRefused(),
  curious(),
  ...makeTurns().scripts,
  { name: 'others', matches: () => true, steps: [END] },
];

/** Goes by the last prompt, and leaves a line. */
function ordered(word: string, steps?: Script['steps']): Script {
  const matches = ({ prompts }: Conversation) => prompts.at(-1)?.endsWith(word) ?? false;
  return { name: word, matches, steps: steps ?? [{ toolCalls: [bash(`echo ${word} >> order.txt`)] }, END] };
}

/** The first call with this prompt is refused for a while, all others are answered. */
function onceRefused(): Script {
  let calls = 0;
  const refusal = httpError(429, 'Rate limit reached for requests.', { 'retry-after': String(RESET_SECONDS) });
  const steps = [() => ((calls += 1) === 1 ? refusal : END)];
  return { name: ONCE_REFUSED, matches: promptIncludes('limited'), steps };
}

/** Writes down everything that a shell of the agent is given. */
function curious(): Script {
  const steps = [{ toolCalls: [bash('env > environment.txt')] }, END];
  return { name: 'curious', matches: promptIncludes('environment'), steps };
}
