import test from 'ava';
import { type NewSession, newSession, type Violation, violationsOf } from '../src/index.ts';

const LEAST = { title: 'Mend the parser', prompt: 'Mend it.' };
const ID = '0199b3e4-0000-7000-8000-000000000001';

function violations(input: unknown): Violation[] {
  const result = newSession.safeParse(input);
  return result.success ? [] : violationsOf(result.error);
}

function fields(input: unknown): string[] {
  return violations(input).map(({ field }) => field);
}

test('title and prompt are enough; everything else has its default', (t) => {
  t.deepEqual(newSession.parse(LEAST), {
    ...LEAST,
    description: null,
    type: 'execution',
    priority: 'medium',
    parentId: null,
    childPolicy: 'cancel',
    agentConfig: {},
    agent: null,
    model: null,
    concurrencyKey: null,
    directory: null,
    workspace: null,
    start: true,
    maxDurationSeconds: null,
    permissions: [],
    approvalSeconds: null,
    cpuLimit: null,
    memoryLimitMb: null,
    tags: [],
    metadata: {},
  } satisfies NewSession);
});

const accepted: [string, object][] = [
  ['a title of one character', { title: 'x' }],
  ['a title of 200 characters', { title: 'x'.repeat(200) }],
  ['a title of 200 emojis', { title: '🚀'.repeat(200) }],
  ['a title of 200 characters between spaces', { title: `  ${'x'.repeat(200)}  ` }],
  ['a title that only holds a generic one', { title: 'Write the test session page' }],
  ['a title in another script', { title: 'Почини разбор' }],
  ['a description of 1,000 characters', { description: 'x'.repeat(1_000) }],
  ['an empty description', { description: '' }],
  ['a description of null', { description: null }],
  ['a prompt of one character', { prompt: 'x' }],
  ['a prompt of 10,000 characters', { prompt: 'x'.repeat(10_000) }],
  ['a prompt of 10,000 emojis', { prompt: '🚀'.repeat(10_000) }],
  ['a prompt of several lines', { prompt: 'One.\r\n\tTwo.\n' }],
  ...['planning', 'execution', 'review', 'debug', 'integration'].map((type): [string, object] => [
    `the type ${type}`,
    { type },
  ]),
  ...['critical', 'high', 'medium', 'low', 'deferred'].map((priority): [string, object] => [
    `the priority ${priority}`,
    { priority },
  ]),
  ...['cancel', 'orphan', 'detach'].map((childPolicy): [string, object] => [
    `the child policy ${childPolicy}`,
    { childPolicy },
  ]),
  ...['worktree', 'in_place', null].map((workspace): [string, object] => [`the workspace ${workspace}`, { workspace }]),
  ['an id of version 7', { id: ID }],
  ['a parent', { parentId: ID }],
  ['a session that is not to start', { start: false }],
  ['60 s', { maxDurationSeconds: 60 }],
  ['86,400 s', { maxDurationSeconds: 86_400 }],
  ['0.1 cores', { cpuLimit: 0.1 }],
  ['8 cores', { cpuLimit: 8 }],
  ['100 MB', { memoryLimitMb: 100 }],
  ['8,192 MB', { memoryLimitMb: 8_192 }],
  ['50 tags', { tags: Array.from({ length: 50 }, (_, index) => `tag ${index}`) }],
  ['an agent', { agent: 'Industrial_coder-2' }],
  ...['anthropic/claude-sonnet-4.5', 'openrouter/meta/llama-4:free', 'a/b', 'local_1/model@sha256:abc'].map(
    (model): [string, object] => [`the model ${model}`, { model }],
  ),
  [
    'settings of agents',
    {
      agentConfig: {
        'industrial-coder': {
          model: 'a/b',
          temperature: 2,
          maxTokens: 1,
          prompt: 'Be brief.',
          tools: { bash: true, webfetch: false },
        },
        reviewer_2: {},
      },
    },
  ],
];
for (const [what, part] of accepted) {
  test(`${what} is accepted`, (t) => t.deepEqual(violations({ ...LEAST, ...part }), []));
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

test('a title is trimmed, an id is put in small letters, tags are a set', (t) => {
  const { title, id, tags } = newSession.parse({
    ...LEAST,
    title: '  Mend it  ',
    id: ID.toUpperCase(),
    tags: ['b', 'a', 'b'],
  });
  t.is(title, 'Mend it');
  t.is(id, ID);
  t.deepEqual(tags, ['b', 'a']);
});

test('what was accepted is accepted again as it is', (t) => {
  const once = newSession.parse({
    ...LEAST,
    title: ' Mend it ',
    id: ID.toUpperCase(),
    tags: ['b', 'b'],
    agentConfig: { coder: { tools: { bash: true } } },
  });
  t.deepEqual(newSession.parse(once), once);
});

for (const input of [undefined, null, 5, 'text', [], [LEAST]]) {
  test(`${JSON.stringify(input)} is no session`, (t) => t.is(violations(input)[0]?.field, ''));
}

test('an instant is kept in UTC, to the millisecond; one without offset, or none at all, is refused by name', (t) => {
  const parse = (notBefore: unknown) =>
    newSession.safeParse({ title: 'Mend the parser', prompt: 'Mend it.', notBefore });
  t.is(parse('2027-03-01T09:00:00+01:00').data?.notBefore, '2027-03-01T08:00:00.000Z');
  for (const bad of ['2027-03-01T09:00:00', '2027-02-30T09:00:00Z', 'tomorrow', 7, '9999-99-99T99:99:99Z']) {
    const [issue] = parse(bad).error?.issues ?? [];
    t.deepEqual(issue?.path, ['notBefore']);
    t.regex(issue?.message ?? '', /^notBefore must be an instant/);
  }
});
