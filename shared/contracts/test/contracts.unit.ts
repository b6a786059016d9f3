import test from 'ava';
import { z } from 'zod';
import * as contracts from '../src/index.ts';
import {
  type Contract,
  eventContract,
  liveContract,
  requestContract,
  routes,
  sessionCommands,
  sessionEvents,
} from '../src/index.ts';

const exported = Object.entries<unknown>(contracts).filter((entry): entry is [string, Contract] =>
  isContract(entry[1]),
);
const all: [string, Contract][] = [...exported, ...entries(sessionCommands), ...entries(sessionEvents)];

test('there are contracts of every kind', (t) => {
  for (const kind of ['request', 'event', 'live'])
    t.true(
      all.some(([, contract]) => contract.kind === kind),
      kind,
    );
});

test('no subject is used twice', (t) => {
  const subjects = all.map(([, { subject }]) => subject);
  t.deepEqual(
    subjects.filter((subject, index) => subjects.indexOf(subject) !== index),
    [],
  );
});

for (const [name, contract] of all) {
  test(`${contract.kind} ${contract.subject} (${name}) has a plain subject and a sentence that says what it is`, (t) => {
    t.regex(contract.subject, /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/);
    t.regex(contract.summary, /^[A-Z].*\.$/s);
  });

  test(`${contract.kind} ${contract.subject} (${name}) can be documented as JSON Schema, both ways`, (t) => {
    const schemas = 'reply' in contract ? [contract.payload, contract.reply] : [contract.payload];
    for (const schema of schemas)
      for (const io of ['input', 'output'] as const) t.notThrows(() => z.toJSONSchema(schema, { io }));
  });
}

test('a session command has the subject of its name, an event that of its type', (t) => {
  for (const [name, { subject }] of Object.entries(sessionCommands)) t.is(subject, `session.${name}`);
  for (const [type, { subject }] of Object.entries(sessionEvents)) t.is(subject, `events.${type}`);
});

test('what becomes a part of an address, or of a question about many sessions, is nothing else', (t) => {
  const { owner, sessionId } = contracts.executeAttempt.payload.shape;
  const { events, larger } = contracts.historyGrown.payload.shape;
  const explained = contracts.explainWaiting.payload.shape.sessionId;
  for (const id of [sessionId, events.element.shape.sessionId, larger.element.shape.sessionId, explained]) {
    t.true(id.safeParse('0192f3c1-8d5e-7c1a-9b7e-1d2c3b4a5f60').success);
    for (const wrong of ['nobody', '', "' or 1=1", '*']) t.false(id.safeParse(wrong).success, wrong);
  }
  const news = { serverId: 's', healthy: true, capacity: 1, version: null, detail: null };
  t.true(contracts.serverAnnounced.payload.safeParse({ ...news, gateway: 'g-1' }).success);
  for (const wrong of ['a.b', '*', '>', '', 'a b']) {
    t.false(owner.safeParse(wrong).success, wrong);
    t.false(contracts.serverAnnounced.payload.safeParse({ ...news, gateway: wrong }).success, wrong);
  }
});

test('a command says no more than its payload knows', (t) => {
  for (const name of ['start', 'pause', 'resume', 'retry', 'delete', 'adopt'] as const) {
    t.true(sessionCommands[name].payload.safeParse({}).success);
    t.false(sessionCommands[name].payload.safeParse({ status: 'completed' }).success);
  }
});

for (const name of ['stop', 'cancel'] as const) {
  test(`the reason of a ${name} is text of at most 1,000 characters that can be stored`, (t) => {
    const { payload } = sessionCommands[name];
    for (const reason of [undefined, '', '🚀'.repeat(1_000)]) t.true(payload.safeParse({ reason }).success);
    for (const reason of ['x'.repeat(1_001), 'a\0b', 'a\uD800', 5, null])
      t.false(payload.safeParse({ reason }).success);
  });
}

test('no two routes have the same method and path, and every path says which parameters it takes', (t) => {
  const list = Object.values<contracts.Route>(routes);
  const places = list.map(({ method, path }) => `${method} ${path}`);
  t.is(new Set(places).size, places.length);
  for (const { path, params } of list) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => String(name));
    t.deepEqual(Object.keys(params?.shape ?? {}), named, path);
  }
});

/** They say what shall be, so that a repetition changes nothing. */
const SETTING = ['replaceSchedule', 'pauseSchedule', 'resumeSchedule', 'deleteSchedule'];

test('every client command has a route, and every write can be repeated, with its key if it does something', (t) => {
  const list = Object.entries<contracts.Route>(routes);
  const writes = list.filter(([, { scope }]) => scope === 'write');
  for (const [name, { scope, idempotent }] of list)
    t.is(Boolean(idempotent), scope === 'write' && !SETTING.includes(name), name);
  // A fork, a graph and many sessions are submissions by another way, and so are a schedule and its firing; many may be given one order.
  t.is(writes.length - SETTING.length, Object.keys(contracts.clientCommands).length + 6);
});

const queries: [string, object, object | null][] = [
  ['nothing', {}, { limit: 50 }],
  ['a limit', { limit: '200' }, { limit: 200 }],
  ['no rows', { limit: '0' }, null],
  ['too many rows', { limit: '201' }, null],
  ['half a row', { limit: '1.5' }, null],
  ['no number', { limit: 'all' }, null],
  ['several states', { status: 'queued,running' }, { limit: 50, status: ['queued', 'running'] }],
  ['an unknown state', { status: 'queued,lost' }, null],
  ['an unknown priority', { priority: '1' }, null],
  ['a tag that no store can hold', { tag: 'a\0' }, null],
  ['an unknown field', { owner: 'me' }, null],
];
for (const [what, query, expected] of queries) {
  test(`a list by ${what} is ${expected ? 'understood' : 'refused'}`, (t) => {
    const result = routes.listSessions.query.safeParse(query);
    t.deepEqual(result.success ? result.data : null, expected);
  });
}

for (const id of ['', '*', 'a.b', '../x', '0199b3e4-0000-4000-8000-000000000001', "1' or 1=1"]) {
  test(`"${id}" is no id of a session in a path`, (t) => t.false(routes.getSession.params.safeParse({ id }).success));
}

test('a contract is a plain value of its kind', (t) => {
  const definition = { subject: 'a.b', summary: 'A.', payload: z.object({}) };
  t.deepEqual(eventContract(definition), { kind: 'event', ...definition });
  t.deepEqual(liveContract(definition), { kind: 'live', ...definition });
  const reply = z.object({});
  t.deepEqual(requestContract({ ...definition, reply }), { kind: 'request', ...definition, reply });
});

function isContract(value: unknown): value is Contract {
  return typeof value === 'object' && value !== null && 'kind' in value && 'subject' in value;
}

function entries(record: Readonly<Record<string, Contract>>): [string, Contract][] {
  return Object.entries(record);
}
