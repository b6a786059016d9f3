import test from 'ava';
import { type NewSession, newSession } from '../src/index.ts';
import { LEAST, violations } from './support/new-sessions.ts';

const ID = '0199b3e4-0000-7000-8000-000000000001';

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
