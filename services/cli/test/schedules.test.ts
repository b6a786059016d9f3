import { resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { NotFoundError } from '@oio/errors';
import test from 'ava';
import { program } from '../src/program.ts';
import { startServer } from './support/start-server.ts';

const ID = '019aa0e0-0000-7000-8000-000000000000';
const OTHER = '019aa0e0-0000-7000-8000-000000000001';
const SESSION = { title: 'Update the dependencies', prompt: 'Update them.' };
const SCHEDULE = {
  id: ID,
  name: 'nightly',
  cron: '0 3 * * *',
  timeZone: 'Europe/Berlin',
  overlap: 'skip',
  catchUpLimit: 1,
  paused: false,
  session: SESSION,
  version: 1,
  createdBy: 'ada',
  createdAt: '2027-01-01T00:00:00.000Z',
  updatedAt: '2027-01-01T00:00:00.000Z',
  nextFireAt: '2027-01-02T02:00:00.000Z',
};
const FIRE = { at: '2027-01-01T02:00:00.000Z', byHand: false, outcome: 'submitted', session: null, detail: null };
const DETAIL = {
  ...SCHEDULE,
  nextFires: ['2027-01-02T02:00:00.000Z', '2027-01-03T02:00:00.000Z'],
  fires: [
    { ...FIRE, session: { id: OTHER, status: 'running' } },
    { ...FIRE, byHand: true, outcome: 'skipped', detail: 'One \u001b[31mworks.' },
  ],
};

/** What it prints, and what it has asked for. */
async function run(...words: string[]) {
  const asked: [string, unknown][] = [];
  await using server = await startServer((path, response, body) => {
    asked.push([path, body && (JSON.parse(body) as unknown)]);
    const found = path.includes('name=unknown') ? [] : [SCHEDULE];
    const isList = /GET \/v1\/schedules(\?|$)/.test(path);
    response.end(JSON.stringify(isList ? { schedules: found, nextCursor: null } : DETAIL));
  });
  const out = new PassThrough();
  const environment = { OIO_URL: server.url, OIO_API_KEY: 'k', INIT_CWD: '/work' };
  await program(environment, out).parseAsync(['node', 'oio', 'schedule', ...words]);
  out.end();
  return { printed: await text(out), asked };
}

test('a schedule is created by its name, its line and a prompt, with what else is said of it', async (t) => {
  const options = ['-d', 'sums', '--zone', 'Europe/Berlin', '--overlap', 'queue', '--catch-up', '0', '-p', 'low'];
  const { asked, printed } = await run('create', 'nightly', '0 3 * * *', 'Update them.', ...options);
  t.deepEqual(asked, [
    [
      'POST /v1/schedules',
      {
        name: 'nightly',
        cron: '0 3 * * *',
        timeZone: 'Europe/Berlin',
        overlap: 'queue',
        catchUpLimit: 0,
        session: {
          title: 'Update them.',
          prompt: 'Update them.',
          directory: resolve('/work', 'sums'),
          priority: 'low',
        },
      },
    ],
  ]);
  t.regex(printed, /next +2027-01-02T02:00/);
});

test('it is shown with its next fires, the last ones, and why one has no session; control characters are not', async (t) => {
  const { printed } = await run('show', ID);
  t.regex(printed, /cron +0 3 \* \* \* \(Europe\/Berlin\)/);
  t.regex(printed, /next +2027-01-02T02:00:00.000Z\n +2027-01-03T02:00:00.000Z/);
  t.regex(printed, new RegExp(`submitted ${OTHER} running`));
  t.regex(printed, /skipped +by hand +One .\[31mworks\./);
  t.false(printed.includes('\u001b'));
});

for (const action of ['pause', 'resume', 'fire']) {
  test(`${action} takes a name as well as an id`, async (t) => {
    const { asked } = await run(action, 'nightly');
    t.deepEqual(
      asked.map(([path]) => path),
      ['GET /v1/schedules?name=nightly', `POST /v1/schedules/${ID}/${action}`],
    );
    const byId = await run(action, ID);
    t.is(byId.asked.length, 1);
  });
}

test('all are listed, and one is deleted by its name', async (t) => {
  t.regex((await run()).printed, /nightly .* 0 3 \* \* \* .* Europe\/Berlin .* skip .* 2027-01-02T02:00/);
  const { asked } = await run('delete', 'nightly');
  t.is(asked.at(-1)?.[0], `DELETE /v1/schedules/${ID}`);
});

test('a name that nothing has is said', async (t) => {
  await t.throwsAsync(run('show', 'unknown'), { instanceOf: NotFoundError, message: /called unknown/ });
});
