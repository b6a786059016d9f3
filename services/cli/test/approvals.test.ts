import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { permissionOption } from '../src/permission-option.ts';
import { program } from '../src/program.ts';
import { eventLine, sessionLines } from '../src/show-session.ts';
import { nothingUsed } from './support/nothing-used.ts';
import { startServer } from './support/start-server.ts';

test('what agents wait for is listed, shown with its diff, and answered', async (t) => {
  const asked: [string, string][] = [];
  await using server = await startServer((path, response, body) => {
    asked.push([path, body]);
    response.end(JSON.stringify(path.includes('?') ? { approvals: [APPROVAL], nextCursor: null } : APPROVAL));
  });
  const run = async (...words: string[]) => {
    const out = new PassThrough();
    await program({ OIO_URL: server.url, OIO_API_KEY: 'k' }, out).parseAsync(['node', 'oio', 'approvals', ...words]);
    out.end();
    return text(out);
  };
  const { id } = APPROVAL;
  t.regex(await run(), /019aa0e0.* pending .* edit .* src\/a\.js/);
  t.regex(await run('show', id), /default +deny: Nobody has answered\.[^]*\+ the �\[31m diff/);
  await run('allow', id);
  await run('deny', id, 'Not today.');
  await run('answer', id, 'B', 'the second one');
  t.deepEqual(asked, [
    ['GET /v1/approvals?status=pending&limit=50', ''],
    [`GET /v1/approvals/${id}`, ''],
    [`POST /v1/approvals/${id}/answer`, '{"action":"allow"}'],
    [`POST /v1/approvals/${id}/answer`, '{"action":"deny","message":"Not today."}'],
    [`POST /v1/approvals/${id}/answer`, '{"action":"answer","answers":[["B"],["the second one"]]}'],
  ]);
});

test('a session that waits for a person says so, and for what', (t) => {
  const session = {
    id: 'x',
    title: 'x',
    status: 'running',
    attempt: null,
    allowedCommands: ['answer'],
    ...nothingUsed,
  };
  const lines = sessionLines({ ...session, waitingFor: 'approval', approvals: [APPROVAL] } as never);
  t.regex(lines, /status +.*running.*, waits for a person/);
  t.regex(lines, /waits for +019aa0e0\S+ {2}edit: src\/a\.js \(until 2026/);
  const event = { seq: 7, type: 'session.approval-requested', at: '2026-01-01T00:00:00.000Z' };
  t.regex(eventLine({ ...event, data: { approval: APPROVAL } } as never), /approval-requested {2}019aa0e0\S+ {2}edit/);
});

test('rules are given one by one, and a bad one is refused with its form', async (t) => {
  const rules = ['bash=ask', 'bash:git push *=deny', 'edit:a=b=allow'].reduce(
    (before: ReturnType<typeof permissionOption>, value) => permissionOption(value, before),
    [],
  );
  t.deepEqual(rules, [
    { tool: 'bash', pattern: '*', action: 'ask' },
    { tool: 'bash', pattern: 'git push *', action: 'deny' },
    { tool: 'edit', pattern: 'a=b', action: 'allow' },
  ]);
  for (const value of ['bash', '=ask', 'bash=always'])
    t.throws(() => permissionOption(value), { message: /tool\[:pattern\]/ });
});

const APPROVAL = {
  id: '019aa0e0-0000-7000-8000-000000000001',
  sessionId: '019aa0e0-0000-7000-8000-000000000000',
  tenant: 'default',
  kind: 'permission',
  status: 'pending',
  requestId: 'per_1',
  openCodeSessionId: 'ses_1',
  fromSubSession: false,
  tool: 'edit',
  patterns: ['src/a.js'],
  command: null,
  file: 'src/a.js',
  diff: '+ the \u001b[31m diff',
  questions: [],
  serverId: 'one',
  askedAt: '2026-01-01T00:00:00.000Z',
  deadline: '2026-01-01T00:15:00.000Z',
  default: { action: 'deny', message: 'Nobody has answered.' },
  answer: null,
  answeredBy: null,
  closedAt: null,
  detail: null,
};
