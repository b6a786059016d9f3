/** What the demo asks for. Written so that a real model can do it as well as a script. */
export interface DemoSession {
  readonly title: string;
  readonly type: 'planning' | 'execution' | 'review' | 'debug' | 'integration';
  readonly priority: 'critical' | 'high' | 'medium' | 'low' | 'deferred';
  readonly prompt: string;
}

/** Sessions for the demo repository; for each of them there is a demo script that recognises its prompt. */
export const demoSessions = {
  planning: {
    title: 'Plan the slug function',
    type: 'planning',
    priority: 'high',
    prompt:
      'Read this repository and write a plan for a function slugify(text) to docs/plan.md. Keep a to-do list while you work. Change nothing else.',
  },
  execution: {
    title: 'Write slugify with a test',
    type: 'execution',
    priority: 'critical',
    prompt:
      'Write src/slug.js with a function slugify(text), and its test in test/slug.test.js with node:test. Run the test and report what it said.',
  },
  review: {
    title: 'Review the word counter',
    type: 'review',
    priority: 'medium',
    prompt: 'Review src/words.js and its test. Report what is wrong or missing, with file and line. Change nothing.',
  },
  integration: {
    title: 'Make countWords right for blank texts',
    type: 'integration',
    priority: 'medium',
    prompt:
      'countWords in src/words.js counts one word in an empty text. Fix it, add a test for it to test/words.test.js, and run all tests.',
  },
  /** Its first attempt fails: the script's provider is overloaded after the first step. */
  retried: {
    title: 'Document the functions in docs/api.md',
    type: 'execution',
    priority: 'low',
    prompt: 'Describe every function that src/words.js exports in docs/api.md, with an example each.',
  },
} as const satisfies Record<string, DemoSession>;
