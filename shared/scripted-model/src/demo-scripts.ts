import { type Conversation, lastResults, projectPath } from './conversation.ts';
import { demoSessions } from './demo-sessions.ts';
import { API_PAGE, PLAN, SLUG_MODULE, SLUG_TEST, WORDS_FIX, WORDS_TEST_FIX } from './demo-texts.ts';
import { httpError, promptIncludes, type Reply, type Script } from './script.ts';
import { bash, edit, read, type Todo, todowrite, write } from './tool-calls.ts';

const planning: Script = {
  name: 'planning',
  matches: promptIncludes(demoSessions.planning.prompt),
  steps: [
    (now) => ({
      reasoning: 'First I look at what is there.',
      text: 'I look at the repository first.',
      toolCalls: [todowrite(todos(0)), read(projectPath(now, '.'))],
    }),
    (now) => ({ toolCalls: [read(projectPath(now, 'README.md')), read(projectPath(now, 'src/words.js'))] }),
    (now) => ({
      reasoning: 'One module and one test file, in the manner of what is there.',
      text: 'Now I write the plan.',
      toolCalls: [todowrite(todos(1)), write(projectPath(now, 'docs/plan.md'), PLAN)],
    }),
    { toolCalls: [todowrite(todos(2))] },
    { text: 'The plan is in docs/plan.md: one module, one test file, three steps. Nothing else has changed.' },
  ],
};

const execution: Script = {
  name: 'execution',
  matches: promptIncludes(demoSessions.execution.prompt),
  steps: [
    (now) => ({ text: 'I look at how modules are written here.', toolCalls: [read(projectPath(now, 'src/words.js'))] }),
    (now) => ({
      reasoning: 'Decompose accented letters, drop the marks, turn everything else into hyphens.',
      text: 'Now the module.',
      toolCalls: [write(projectPath(now, 'src/slug.js'), SLUG_MODULE)],
    }),
    (now) => ({ text: 'Now its test.', toolCalls: [write(projectPath(now, 'test/slug.test.js'), SLUG_TEST)] }),
    { text: 'I run it.', toolCalls: [bash('node --test test/slug.test.js')] },
    (now) => reportTests(now, 'src/slug.js has slugify(text)'),
  ],
};

const review: Script = {
  name: 'review',
  matches: promptIncludes(demoSessions.review.prompt),
  steps: [
    (now) => ({
      text: 'I read the module and its test.',
      toolCalls: [read(projectPath(now, 'src/words.js')), read(projectPath(now, 'test/words.test.js'))],
    }),
    (now) => ({
      reasoning: 'An empty text splits into one empty string, so it has one word.',
      text: reviewFindings(now),
    }),
  ],
};

const integration: Script = {
  name: 'integration',
  matches: promptIncludes(demoSessions.integration.prompt),
  steps: [
    (now) => ({ toolCalls: [read(projectPath(now, 'src/words.js')), read(projectPath(now, 'test/words.test.js'))] }),
    (now) => ({
      text: 'An empty text splits into one empty string.',
      toolCalls: [edit(projectPath(now, 'src/words.js'), ...WORDS_FIX)],
    }),
    (now) => ({ toolCalls: [edit(projectPath(now, 'test/words.test.js'), ...WORDS_TEST_FIX)] }),
    { text: 'I run all tests.', toolCalls: [bash('node --test')] },
    (now) => reportTests(now, 'countWords now ignores blanks at both ends'),
  ],
};

const retried: Script = {
  name: 'retried',
  matches: promptIncludes(demoSessions.retried.prompt),
  steps: [
    (now) => ({ text: 'I read the module.', toolCalls: [read(projectPath(now, 'src/words.js'))] }),
    (now) => (isRetry(now) ? { toolCalls: [write(projectPath(now, 'docs/api.md'), API_PAGE)] } : OVERLOADED),
    { text: 'docs/api.md describes countWords with an example.' },
  ],
};

/** For every other prompt, so that whoever has no provider yet sees a session work and learns what to do. */
const anythingElse: Script = {
  name: 'anything-else',
  matches: () => true,
  steps: [
    (now) => ({ text: 'I look at the directory.', toolCalls: [read(projectPath(now, '.'))] }),
    { text: 'I am a scripted model: I can call tools but not think. Configure a model provider to have this done.' },
  ],
};

/** Scripts for the demo sessions, and a last one for every other prompt. */
export const demoScripts: readonly Script[] = [planning, execution, review, integration, retried, anythingElse];

/** OpenCode obeys `retry-after-ms`, so that its five tries are over in half a second instead of a minute. */
const OVERLOADED = httpError(503, 'The model is overloaded. Please try again later.', { 'retry-after-ms': '100' });

/** A retry adds a prompt to the conversation; in a new one it tells of the attempt before. */
function isRetry({ prompts }: Conversation): boolean {
  return prompts.length > 1 || prompts.some((prompt) => /\battempt\b/i.test(prompt));
}

function todos(done: number): Todo[] {
  const statusAt = (index: number) => (index === done ? 'in_progress' : 'pending');
  return ['Read the repository', 'Write docs/plan.md'].map((content, index) => {
    return { content, status: index < done ? 'completed' : statusAt(index), priority: 'high' };
  });
}

function reportTests(conversation: Conversation, what: string): Reply {
  const output = lastResults(conversation)[0] ?? '';
  const passed = /\bpass (\d+)/.exec(output)?.[1];
  if (passed && /\bfail 0\b/.test(output)) return { text: `${what}. The tests ran: ${passed} passed, none failed.` };
  return { text: `${what}, but the tests did not pass:\n\n${output.slice(-1_000)}` };
}

function reviewFindings(conversation: Conversation): string {
  const [source = '', test = ''] = lastResults(conversation);
  const findings = [
    source.includes('.split(/\\s+/).length') &&
      '- src/words.js:3: countWords("") is 1, and blanks at either end count as a word. Filter out empty strings.',
    !test.includes("countWords('')") && '- test/words.test.js: no test for an empty text.',
  ].filter(Boolean);
  return findings.length > 0 ? `Findings:\n\n${findings.join('\n')}` : 'No findings.';
}
