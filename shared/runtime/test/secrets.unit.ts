import test from 'ava';
import { isSecretName, withoutSecrets } from '../src/secrets.ts';

const SECRET_NAMES =
  'password PASSWORD dbPassword JWT_SECRET_KEY ENCRYPTION_KEY apiKey x-api-key OPENAI_API_KEY privateKey Authorization set-cookie credentials token accessToken refresh_token DATABASE_URL databaseUrl clientSecret passphrase';
const PLAIN_NAMES =
  'tokens tokenCount maxTokens key sessionId passed idempotencyKey author url keys tokensPerSecond monkey';

for (const name of SECRET_NAMES.split(' ')) test(`${name} names a secret`, (t) => t.true(isSecretName(name)));
for (const name of PLAIN_NAMES.split(' ')) test(`${name} does not name a secret`, (t) => t.false(isSecretName(name)));

/** Each holds `hunter2` in one way or another. */
const LEAKS: readonly string[] = [
  'connect to postgres://oio:hunter2@db.internal:5432/oio failed',
  'redis://:hunter2@127.0.0.1:6379/0',
  'postgres://oio:p@hunter2@db/oio',
  'postgres://oio:p/hunter2@db/oio',
  'postgres://oio:password@hunter2@db/oio',
  'https://oauth2-hunter2-abcdefgh@github.com/a/b.git',
  'Authorization: Bearer hunter2hunter2',
  'authorization: Basic b3BlbmNvZGU6hunter2=',
  '{"password":"hunter2"}',
  '{"a":{"apiKey":"say \\"hunter2\\" to me"}}',
  '{"msg":"sent {\\"accessToken\\":\\"hunter2\\"}"}',
  "{ user: 'oio', password: 'hunter2' }",
  'host=db user=oio password=hunter2 dbname=oio',
  "password='hunter2 and more'",
  'GET /v1/x?api_key=hunter2&limit=3',
  'OPENCODE_SERVER_PASSWORD=hunter2',
  'JWT_SECRET_KEY=hunter2',
  '{"JWT_SECRET_KEY":"hunter2"}',
  'the password: hunter2',
  'key sk-ant-api03-hunter2hunter2hunter2 refused',
  'ghp_hunter2hunter2hunter2hunter2',
  'eyJhbGciOiJIUzI1NiJ9.eyJodW50ZXIyIjoxfQ.hunter2',
  '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----',
];

for (const [index, leak] of LEAKS.entries()) {
  test(`the secret in text ${index + 1} is blotted out: ${leak.slice(0, 30).replaceAll('\n', ' ')}`, (t) => {
    const clean = withoutSecrets(leak);
    t.notRegex(clean, /hunter2/);
    t.regex(clean, /\[secret\]/);
    t.is(withoutSecrets(clean), clean, 'once is enough');
  });
}

const HARMLESS: readonly string[] = [
  'http://127.0.0.1:8000/@scope/package?mail=a@b.c',
  'http://localhost:4096',
  'file:///repo/node_modules/.pnpm/ava@8.1.2/node_modules/ava/lib/test.js:605:20',
  'ssh://git@github.com/a/b.git',
  'postgres://oio@127.0.0.1:55432/oio',
  '{"tokens":{"input":12,"output":3},"hasPassword":true,"token":null}',
  'Unexpected token: }',
  'mail to someone@example.com',
  'task-0123456789abcdef0123',
  'DATABASE_URL: must look like postgres://user:password@host:port',
  'redis://:password@host:6379/0',
  'ENCRYPTION_KEY: is needed and not set',
  'API_KEY: must be at least 32 characters without spaces',
];

for (const text of HARMLESS) test(`${text} stays as it is`, (t) => t.is(withoutSecrets(text), text));

test('what was valid JSON stays valid JSON', (t) => {
  for (const leak of LEAKS) {
    const line = JSON.stringify({ text: leak, password: `a "quoted" \\ ${leak}`, after: leak });
    const { after } = JSON.parse(withoutSecrets(line)) as { after: string };
    t.notRegex(after, /hunter2/);
  }
});

test('long and hostile texts take time in proportion to their length', (t) => {
  const pieces = [
    'x',
    'a.',
    'a://',
    '://a:b',
    'password',
    'password:"',
    'password\\\\":\\\\"',
    'bearer ',
    'eyJ',
    "token: '",
    'secret=',
    '-----BEGIN PRIVATE KEY-----',
  ];
  const startedMs = performance.now();
  for (const piece of pieces) withoutSecrets(piece.repeat(50_000 / piece.length));
  t.true(performance.now() - startedMs < 15_000, `${performance.now() - startedMs} ms`);
});
