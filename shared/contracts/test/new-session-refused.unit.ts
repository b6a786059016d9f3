import test from 'ava';
import { LEAST, violations } from './support/new-sessions.ts';

function fields(input: unknown): string[] {
  return violations(input).map(({ field }) => field);
}

const refused: [what: string, part: object, field: string, message: RegExp][] = [
  ['no title', { title: undefined }, 'title', /must be a string; it is missing/],
  ['a title of null', { title: null }, 'title', /got null/],
  ['an empty title', { title: '' }, 'title', /1–200 characters; it has 0/],
  ['a blank title', { title: ' \t\n ' }, 'title', /1–200 characters; it has 0/],
  ['an invisible title', { title: '\u200B\u2060' }, 'title', /blank/],
  ['a title of 201 characters', { title: 'x'.repeat(201) }, 'title', /1–200 characters; it has 201/],
  ['a title of 201 emojis', { title: '🚀'.repeat(201) }, 'title', /it has 201/],
  ...['test session', 'New Session', 'UNTITLED', ' coding task ', 'Development   Session'].map(
    (title): [string, object, string, RegExp] => [`the title "${title}"`, { title }, 'title', /too generic/],
  ),
  [
    'a description of 1,001 characters',
    { description: 'x'.repeat(1_001) },
    'description',
    /at most 1,000 characters; it has 1,001/,
  ],
  ['no prompt', { prompt: undefined }, 'prompt', /missing/],
  ['an empty prompt', { prompt: '' }, 'prompt', /1–10,000 characters; it has 0/],
  ['a blank prompt', { prompt: ' \n ' }, 'prompt', /blank/],
  ['a prompt of 10,001 characters', { prompt: 'x'.repeat(10_001) }, 'prompt', /1–10,000 characters; it has 10,001/],
  ['a prompt of 10,001 emojis', { prompt: '🚀'.repeat(10_001) }, 'prompt', /it has 10,001/],
  [
    'an unknown type',
    { type: 'testing' },
    'type',
    /one of planning, execution, review, debug, integration; got "testing"/,
  ],
  ['a type in capitals', { type: 'Planning' }, 'type', /one of/],
  ['a priority as a number', { priority: 0 }, 'priority', /one of critical, high, medium, low, deferred; got 0/],
  ['an unknown child policy', { childPolicy: 'adopt' }, 'childPolicy', /one of/],
  ['an unknown workspace', { workspace: 'cloud' }, 'workspace', /one of/],
  ['an id that is none', { id: 'abc' }, 'id', /version 7.*got "abc"/],
  ['an id of version 4', { id: '9b2c7a0e-5d7f-4b52-8a3e-2f1f0c1d2e3f' }, 'id', /version 7/],
  ['a parent that is no id', { parentId: '../other' }, 'parentId', /version 7/],
  ['59 s', { maxDurationSeconds: 59 }, 'maxDurationSeconds', /from 60 to 86,400; got 59/],
  ['86,401 s', { maxDurationSeconds: 86_401 }, 'maxDurationSeconds', /from 60 to 86,400/],
  ['half a second', { maxDurationSeconds: 60.5 }, 'maxDurationSeconds', /whole number/],
  ['seconds as text', { maxDurationSeconds: '60' }, 'maxDurationSeconds', /whole number of seconds.*got "60"/],
  ['0.09 cores', { cpuLimit: 0.09 }, 'cpuLimit', /from 0.1 to 8; got 0.09/],
  ['8.1 cores', { cpuLimit: 8.1 }, 'cpuLimit', /from 0.1 to 8/],
  ['endless cores', { cpuLimit: Number.POSITIVE_INFINITY }, 'cpuLimit', /got Infinity/],
  ['99 MB', { memoryLimitMb: 99 }, 'memoryLimitMb', /from 100 to 8,192/],
  ['8,193 MB', { memoryLimitMb: 8_193 }, 'memoryLimitMb', /from 100 to 8,192/],
  ['start as text', { start: 'false' }, 'start', /true or false/],
  ['a directory of 4,097 characters', { directory: `/${'x'.repeat(4_096)}` }, 'directory', /at most 4,096/],
  ['51 tags', { tags: Array.from({ length: 51 }, (_, index) => `tag ${index}`) }, 'tags', /at most 50/],
  ['tags as text', { tags: 'a,b' }, 'tags', /list of strings; got "a,b"/],
  ['an empty tag', { tags: ['a', ''] }, 'tags.1', /1–100 characters/],
  ['a tag of 101 characters', { tags: ['x'.repeat(101)] }, 'tags.0', /it has 101/],
  ...['my agent', 'größe', 'a/b', 'a.b', '', 'x'.repeat(101), 'constructor', '__proto__'].map(
    (agent): [string, object, string, RegExp] => [
      `the agent "${agent.slice(0, 20)}"`,
      { agent },
      'agent',
      /is not an agent name/,
    ],
  ),
  ...[
    'claude',
    '/claude',
    'anthropic/',
    'an thropic/claude',
    'an.thropic/claude',
    'a/b c',
    'a/b\n',
    'a/ü',
    `a/${'x'.repeat(200)}`,
  ].map((model): [string, object, string, RegExp] => [
    `the model "${model.slice(0, 20)}"`,
    { model },
    'model',
    /provider\/model/,
  ]),
  [
    'a bad name of settings',
    { agentConfig: { 'my agent!': {} } },
    'agentConfig.my agent!',
    /"my agent!" is not an agent name/,
  ],
  ['settings as a list', { agentConfig: [] }, 'agentConfig', /object of agent name → settings; got a list/],
  [
    'settings of one agent as text',
    { agentConfig: { coder: 'fast' } },
    'agentConfig.coder',
    /must be an object; got "fast"/,
  ],
  ['an unknown setting', { agentConfig: { coder: { speed: 9 } } }, 'agentConfig.coder.speed', /Unknown field "speed"/],
  [
    'too hot an agent',
    { agentConfig: { coder: { temperature: 2.1 } } },
    'agentConfig.coder.temperature',
    /from 0 to 2; got 2.1/,
  ],
  ['no tokens', { agentConfig: { coder: { maxTokens: 0 } } }, 'agentConfig.coder.maxTokens', /from 1 to/],
  ['a bad model of an agent', { agentConfig: { coder: { model: 'x' } } }, 'agentConfig.coder.model', /provider\/model/],
  [
    'a tool that is neither on nor off',
    { agentConfig: { coder: { tools: { bash: 'yes' } } } },
    'agentConfig.coder.tools.bash',
    /true or false; got "yes"/,
  ],
  ['metadata as a list', { metadata: [1] }, 'metadata', /JSON object; got a list/],
  ['metadata of null', { metadata: null }, 'metadata', /JSON object; got null/],
  ...['title', 'description', 'prompt', 'directory', 'agent'].flatMap((field): [string, object, string, RegExp][] => [
    [`a NUL in ${field}`, { [field]: 'a\0b' }, field, /cannot be stored/],
    [`half of a surrogate pair in ${field}`, { [field]: 'a\uD800b' }, field, /cannot be stored/],
  ]),
];
for (const [what, part, field, message] of refused) {
  test(`${what} is refused at ${field}`, (t) => {
    const found = violations({ ...LEAST, ...part });
    t.deepEqual([...new Set(found.map((violation) => violation.field))], [field]);
    t.true(
      found.some((violation) => message.test(violation.message)),
      JSON.stringify(found),
    );
  });
}

for (const field of [
  'tenant',
  'owner',
  'epoch',
  'version',
  'status',
  'createdBy',
  'createdAt',
  'checkpoints',
  'Title',
  '',
]) {
  test(`the field "${field}" is unknown and refused, not ignored`, (t) => {
    t.deepEqual(violations({ ...LEAST, [field]: 1 }), [
      { field, code: 'unknown_field', message: `Unknown field "${field}"; it is not accepted.` },
    ]);
  });
}

test('every violated field is named at once', (t) => {
  const found = fields({
    title: 5,
    prompt: '',
    type: 'x',
    maxDurationSeconds: 1,
    tags: ['', 5],
    agent: 'my agent',
    agentConfig: { 'bad name': { model: 5 }, coder: { temperature: 9, speed: 1 } },
    metadata: { a: '\0' },
    status: 'completed',
  });
  t.deepEqual(found.sort(), [
    'agent',
    'agentConfig.bad name',
    'agentConfig.bad name.model',
    'agentConfig.coder.speed',
    'agentConfig.coder.temperature',
    'maxDurationSeconds',
    'metadata.a',
    'prompt',
    'status',
    'tags.0',
    'tags.1',
    'title',
    'type',
  ]);
});

for (const input of [undefined, null, 5, 'text', [], [LEAST]]) {
  test(`${JSON.stringify(input)} is no session`, (t) => t.is(violations(input)[0]?.field, ''));
}
