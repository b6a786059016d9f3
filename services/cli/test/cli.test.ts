import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { InvalidError, StartupError, UnavailableError } from '@oio/errors';
import type { Client } from '@oio/sdk';
import test from 'ava';
import { connect } from '../src/connect.ts';
import { explain } from '../src/explain.ts';
import { program } from '../src/program.ts';
import { printable } from '../src/printable.ts';
import { eventLine, sessionLines } from '../src/show-session.ts';
import { submit } from '../src/submit.ts';
import { nothingUsed } from './support/nothing-used.ts';
import { startServer } from './support/start-server.ts';

test('an error names every field that is wrong', (t) => {
  const violations = [
    { field: 'title', code: 'custom', message: 'is too generic' },
    { field: 'model', code: 'model_not_found', message: 'is unknown' },
  ];
  const error = new InvalidError('The session cannot be accepted.', { violations });
  t.is(explain(error), 'The session cannot be accepted.\n  title: is too generic\n  model: is unknown');
});

test('an orchestrator that is not there is said with what to do', (t) => {
  const error = new UnavailableError('The orchestrator at http://x cannot be reached: refused', {
    code: 'unreachable',
  });
  t.regex(explain(error), /cannot be reached: refused\nStart it \(npm start\), or set OIO_URL/);
  t.notRegex(explain(new UnavailableError('The database is away.')), /npm start/);
});

test('tags of a submission are repeated options', async (t) => {
  const bodies: string[] = [];
  await using server = await startServer((_path, response, body) => {
    bodies.push(body);
    response.statusCode = 422;
    response.end('{}');
  });
  const words = ['node', 'oio', 'submit', 'Fix it', '--tag', 'nightly', '--tag', 'two words'];
  const run = program({ OIO_URL: server.url, OIO_API_KEY: 'k' }, new PassThrough()).parseAsync(words);
  await t.throwsAsync(run);
  t.deepEqual((JSON.parse(bodies[0] ?? '{}') as { tags?: unknown }).tags, ['nightly', 'two words']);
});

test('without a key it says where one was looked for and what to do', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'oio-cli-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const error = await t.throwsAsync(connect({ OIO_DATA_DIR: directory }), { instanceOf: StartupError });
  t.true(error.message.includes(directory) && error.message.includes('npm start'));
});

test('the key of the orchestrator on this machine is found in its data directory', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'oio-cli-'));
  t.teardown(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'api-key'), 'secret\n', { mode: 0o600 });
  await using client = await connect({ OIO_DATA_DIR: directory });
  t.is(typeof client.createSession, 'function');
});

test('the title of a submitted prompt is its first line, and options that are not given are left out', async (t) => {
  const bodies: unknown[] = [];
  const client = { createSession: async (body: unknown) => bodies.push(body) } as unknown as Client;
  await submit(client, `Fix the parser\nIt fails on tabs.`, { priority: 'high', directory: undefined });
  await submit(client, 'x'.repeat(100), { title: 'A title' });
  await submit(client, '🦀'.repeat(81), {});
  t.deepEqual(bodies, [
    { title: 'Fix the parser', prompt: 'Fix the parser\nIt fails on tabs.', priority: 'high' },
    { title: 'A title', prompt: 'x'.repeat(100) },
    { title: `${'🦀'.repeat(79)}…`, prompt: '🦀'.repeat(81) },
  ]);
});

test('control characters of an agent never reach the terminal', (t) => {
  t.is(printable('a\u001b[31mred\u0007\nb'), 'a�[31mred�\nb');
});

test('how a turn was ended is shown, and so is that nobody can show it', (t) => {
  const stop = { at: '2026-01-01T00:00:00.000Z', summary: 'Aborted; all idle.', proof: null };
  const session = {
    id: 'x',
    title: 'x',
    status: 'stopped',
    failure: null,
    approvals: [],
    allowedCommands: [],
    ...nothingUsed,
  };
  const lineOf = (more: object): string | undefined => {
    const attempt = { number: 1, steps: 0, serverId: 's', stop: { ...stop, ...more } };
    return sessionLines({ ...session, attempt } as never)
      .split('\n')
      .find((line) => line.startsWith('stop'));
  };
  t.is(lineOf({ state: 'proven', failure: null }), 'stop       proven: Aborted; all idle.');
  t.is(lineOf({ state: 'under_way', failure: null }), 'stop       under way: Aborted; all idle.');
  const failure = { code: 'stop_unconfirmed' };
  t.is(lineOf({ state: 'unconfirmed', failure }), 'stop       stop_unconfirmed: Aborted; all idle.');
});

test('what a session took is shown, and what of it its attempt and its sub-agents took', (t) => {
  const took = (input: number, costUsd: number) => ({
    tokens: { input, output: 1, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
    costUsd,
    apiCalls: 2,
    apiErrors: 1,
  });
  const metrics = { ...nothingUsed.metrics, ...took(99, 0.5), subAgents: took(49, 0.25) };
  const earlierAttempts = [{ number: 1, steps: 3, ...took(9, 0.1) }];
  const attempt = { number: 2, steps: 1, serverId: 's', usage: took(89, 0.4) };
  const shown = { id: 'x', title: 'x', status: 'running', allowedCommands: [], approvals: [], prompts: [] };
  const session = { ...shown, metrics, attempt, earlierAttempts };
  const lines = sessionLines(session as never).split('\n');
  t.deepEqual(
    lines.filter((line) => line.includes('tokens') || line.startsWith('calls')).map((line) => line.slice(11)),
    [
      '100 tokens, $0.5000, 1.0 s',
      'attempt 2: 90 tokens, $0.4000',
      'sub-agents: 50 tokens, $0.2500',
      '2 of models, 1 failed',
    ],
  );
  const event = {
    seq: 7,
    type: 'session.usage-counted',
    at: '2026-01-01T00:00:00.000Z',
    data: { calls: [took(4, 0.1)] },
  };
  t.true(eventLine(event as never).endsWith('usage-counted  5 tokens, $0.1000'));
});

test('every command says what it is for', (t) => {
  const commands = program({}, process.stdout).commands;
  t.true(commands.length >= 12);
  t.deepEqual(
    commands.filter((command) => command.description() === '').map((command) => command.name()),
    [],
  );
});

test('a dead letter is shown with what it says, and nothing in it reaches the terminal as a command', async (t) => {
  const asked: string[] = [];
  await using server = await startServer((path, response) => {
    asked.push(path);
    response.end(JSON.stringify(path.includes('?') ? { deadLetters: [LETTER], nextCursor: null } : LETTER));
  });
  const run = async (...words: string[]) => {
    const out = new PassThrough();
    await program({ OIO_URL: server.url, OIO_API_KEY: 'k' }, out).parseAsync(['node', 'oio', 'dead-letters', ...words]);
    out.end();
    return text(out);
  };
  t.regex(await run('list', '-n', '5'), /session\.create.*malformed/);
  t.true((await run('show', LETTER.id)).endsWith('the �[31m payload\n'));
  t.regex(await run('replay', LETTER.id), /replayed +2026/);
  t.deepEqual(asked, [
    'GET /v1/dead-letters?limit=5',
    `GET /v1/dead-letters/${LETTER.id}`,
    `POST /v1/dead-letters/${LETTER.id}/replay`,
  ]);
});

test('servers are listed, drained and let in again', async (t) => {
  const asked: string[] = [];
  await using server = await startServer((path, response) => {
    asked.push(path);
    response.end(
      JSON.stringify(path.startsWith('GET') ? { servers: [SERVER] } : { ...SERVER, draining: 'Asked for.' }),
    );
  });
  const run = async (...words: string[]) => {
    const out = new PassThrough();
    const environment = { OIO_URL: server.url, OIO_API_KEY: 'k', OIO_SERVER_PASSWORD: 'secret' };
    await program(environment, out).parseAsync(['node', 'oio', 'servers', ...words]);
    out.end();
    return text(out);
  };
  t.regex(await run(), /one .* up .* 2\/8 .* 3 .* 512 MiB .* 1 MiB/);
  t.regex(await run('drain', 'one'), /draining .* Asked for\./);
  await run('accept', 'one');
  await run('add', 'one', 'http://127.0.0.1:4096');
  t.regex(await run('remove', 'one'), /is forgotten/);
  t.deepEqual(asked, [
    'GET /v1/servers',
    'POST /v1/servers/one/drain',
    'POST /v1/servers/one/accept',
    'POST /v1/servers',
    'DELETE /v1/servers/one',
  ]);
});

test('limits are set by a file and shown, and a session tells why it waits', async (t) => {
  await using server = await startServer((path, response) => {
    response.end(JSON.stringify(path.includes('waiting') ? { waiting: WAITING } : { limits: [RULE] }));
  });
  const run = async (...words: string[]) => {
    const out = new PassThrough();
    await program({ OIO_URL: server.url, OIO_API_KEY: 'k' }, out).parseAsync(['node', 'oio', ...words]);
    out.end();
    return text(out);
  };
  const directory = await mkdtemp(join(tmpdir(), 'oio-cli-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const file = join(directory, 'limits.json');
  await writeFile(file, JSON.stringify({ limits: [RULE] }));
  t.regex(await run('limits', 'set', file), /tenant .* acme .* 5 .* 60/);
  t.regex(await run('limits'), /tenant .* acme/);
  t.regex(
    await run('why', '019f0000-0000-7000-8000-000000000001'),
    /the limit of tenant acme is reached: 5 of 5[^]*position {2}3/,
  );
});

const RULE = { scope: 'tenant', name: 'acme', concurrent: 5, startsPerMinute: 60, weight: null };
const WAITING = {
  because: { reason: 'limit', scope: 'tenant', name: 'acme', limit: 5, used: 5, heldBy: [] },
  position: 3,
  waitingSince: '2026-01-01T00:00:00.000Z',
  estimatedStart: null,
};

const SERVER = {
  id: 'one',
  url: 'http://127.0.0.1:4096',
  managed: true,
  capacity: 8,
  running: 2,
  state: 'up',
  draining: null,
  version: '1',
  trouble: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  directories: 3,
  memoryBytes: 512 * 2 ** 20,
  databaseBytes: 2 ** 20,
  cpuPercent: 12.5,
  diskBytes: 2 ** 21,
  observedAt: '2026-01-01T00:00:00.000Z',
};

const LETTER = {
  id: '019aa0e0-0000-7000-8000-000000000000',
  subject: 'session.create',
  consumer: 'session-actor',
  reason: 'malformed',
  detail: 'title: is missing',
  encoding: 'text',
  truncated: false,
  receivedAt: '2026-01-01T00:00:00.000Z',
  replayedAt: '2026-01-02T00:00:00.000Z',
  payload: 'the \u001b[31m payload',
};
