import { NotFoundError, TimeoutError, UnavailableError } from '@oio/errors';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { type StopOptions, proofInWords, stopTurn } from '../../src/attempts/stop-turn.ts';
import type { Activity } from '../../src/agent-server/events.ts';
import type { TurnMessage } from '../../src/agent-server/messages.ts';
import type { SessionRef } from '../../src/agent-server/sessions.ts';
import type { AgentServer } from '../../src/ports.ts';
import { reply } from '../support/messages.ts';

const ref = { sessionId: 'ses_1', directory: '/project' };

interface Fake {
  /** Which sessions work at each look; the last for ever. */
  readonly looks: readonly (readonly string[])[];
  readonly children?: Readonly<Record<string, readonly SessionRef[]>>;
  /** What the conversation holds at each look; the last for ever. */
  readonly messages?: readonly (readonly TurnMessage[])[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An OpenCode of which only what a stop looks at matters. */
function fakeServer({ looks, children = {}, messages = [], metadata = {} }: Fake) {
  const calls: string[] = [];
  const directories = new Set<string>();
  const of = <T>(series: readonly T[], index: number): T | undefined => series[index] ?? series.at(-1);
  let look = 0;
  const busy: Activity = { type: 'busy' };
  const server = {
    abort: async ({ sessionId }: SessionRef) => void calls.push(`abort ${sessionId}`),
    async children({ sessionId }: SessionRef) {
      if (sessionId === 'unknown') throw new NotFoundError('no such session');
      return (children[sessionId] ?? []).map(({ sessionId: id, directory }) => ({ id, directory }));
    },
    async activities(directory: string) {
      directories.add(directory);
      return new Map((of(looks, look) ?? []).map((id) => [id, busy]));
    },
    async messages({ sessionId }: SessionRef) {
      if (sessionId === 'unknown') throw new NotFoundError('no such session');
      return sessionId === ref.sessionId ? (of(messages, look++) ?? []) : [];
    },
    getSession: async () => ({ metadata }),
    message: async (_session: SessionRef, id: string) => messages.at(-1)?.find((one) => one.id === id) ?? null,
    deleteSession: async ({ sessionId }: SessionRef) => void calls.push(`delete ${sessionId}`),
  };
  return { calls, directories, agent: () => server as unknown as AgentServer, looks: () => look };
}

const options: StopOptions = {
  sentAtMs: null,
  endProcesses: async () => ({ ended: [], left: [] }),
  signal: new AbortController().signal,
  proveWithinMs: 20_000,
};

test('a turn is stopped with its sub-sessions, each looked for in its own directory, and aborted as long as they work', async (t) => {
  const children = {
    ses_1: [{ sessionId: 'ses_2', directory: '/project' }],
    ses_2: [{ sessionId: 'ses_3', directory: '/elsewhere' }],
  };
  const { agent, calls, directories, looks } = fakeServer({ looks: [['ses_3'], []], children });
  const { proof } = await stopTurn(agent, ref, options);
  t.deepEqual(calls, ['abort ses_1', 'abort ses_2', 'abort ses_3', 'abort ses_3']);
  t.is(looks(), 4, 'the sub-sessions were aborted with the first look');
  t.deepEqual([...directories], ['/project', '/elsewhere']);
  t.like(proof, { aborted: ['ses_1', 'ses_2', 'ses_3'], children: ['ses_2', 'ses_3'], readings: 3 });
  t.true(Math.abs(Date.parse(proof.idleAt) - Date.now()) < 5_000);
});

test('a sub-session is aborted while the abort of its parent is not answered yet', async (t) => {
  const children = { ses_1: [{ sessionId: 'ses_2', directory: '/project' }] };
  const { agent, calls } = fakeServer({ looks: [[]], children });
  const server = agent();
  const childAborted = Promise.withResolvers<void>();
  const abort = async (session: SessionRef): Promise<void> => {
    await server.abort(session);
    if (session.sessionId === 'ses_2') childAborted.resolve();
    await childAborted.promise;
  };
  await stopTurn(() => ({ ...server, abort }), ref, { ...options, proveWithinMs: 5_000 });
  t.deepEqual(calls, ['abort ses_1', 'abort ses_2']);
});

test('a sub-session that is opened after the abort is aborted, and nothing is shown before', async (t) => {
  const children: Record<string, SessionRef[]> = {};
  const { agent, calls, looks } = fakeServer({ looks: [[]], children });
  const late = () => {
    const server = agent();
    return Object.assign(Object.create(server) as AgentServer, {
      async messages(session: SessionRef) {
        if (looks() === 1) children['ses_1'] = [{ sessionId: 'ses_2', directory: '/project' }];
        return server.messages(session);
      },
    });
  };
  const { proof } = await stopTurn(late, ref, options);
  t.deepEqual(calls, ['abort ses_1', 'abort ses_2']);
  t.like(proof, { children: ['ses_2'], readings: 3 });
  t.true(looks() >= 5, `${looks()} looks`);
});

test('a reading asks all that it wants to know at once: a busy server takes its time for each answer', async (t) => {
  const children = { ses_1: [{ sessionId: 'ses_2', directory: '/project' }] };
  const { agent } = fakeServer({ looks: [[]], children });
  const rounds: string[][] = [];
  const asked = new Set<string>();
  // Each answer comes one turn of the event loop later, and what is asked in the same turn makes one round.
  const slow = new Proxy(agent(), {
    get: (server, name: keyof AgentServer) => async (argument: never) => {
      if (asked.size === 0) setImmediate(() => rounds.push([...asked]) && asked.clear());
      asked.add(String(name));
      await new Promise((resolve) => setImmediate(resolve));
      return (server[name] as (argument: never) => unknown)(argument);
    },
  });
  await stopTurn(() => slow, ref, options);
  const reading = [['children', 'activities', 'messages']];
  t.deepEqual(rounds, [['abort', 'children'], ['children'], ['abort'], ...reading, ...reading, ...reading]);
});

test('a server that takes its time to answer is looked at again as soon as it has, one that does not after a pause', async (t) => {
  // Busy for a while, so that there are enough looks that some are not held up by what else the machine does.
  const working = Array.from({ length: 8 }, () => ['ses_1']);
  const looksAt = async (answerMs: number) => {
    const { agent } = fakeServer({ looks: [...working, []] });
    const looks: { readonly beganAtMs: number; endedAtMs: number }[] = [];
    const activities = async (directory: string) => {
      const look = { beganAtMs: performance.now(), endedAtMs: 0 };
      looks.push(look);
      await eventually(() => performance.now() >= look.beganAtMs + answerMs, { everyMs: 10 });
      look.endedAtMs = performance.now();
      return agent().activities(directory);
    };
    const server = { ...agent(), activities };
    await stopTurn(() => server, ref, { ...options, proveWithinMs: 30_000 });
    return looks;
  };
  const quick = await looksAt(0);
  const began = quick.map(({ beganAtMs }) => beganAtMs);
  t.true(Math.max(...began) - Math.min(...began) > 100 * (quick.length - 1), 'pauses of 150 ms');
  const slow = await looksAt(200);
  const pauses = slow.slice(1).map(({ beganAtMs }, index) => beganAtMs - (slow[index]?.endedAtMs ?? 0));
  t.true(Math.min(...pauses) < 100);
});

test('what the conversations hold is told with the proof, as it was read last', async (t) => {
  const children = { ses_1: [{ sessionId: 'ses_2', directory: '/project' }] };
  const [open, ended] = [[reply(1, { finish: null })], [reply(1, { finish: 'stop' })]];
  const { conversations } = await stopTurn(
    fakeServer({ looks: [[]], children, messages: [open, ended] }).agent,
    ref,
    options,
  );
  t.deepEqual(
    [...conversations],
    [
      ['ses_1', ended],
      ['ses_2', []],
    ],
  );
});

test('idle once is not idle: what moves between two readings works still', async (t) => {
  const [open, ended] = [[reply(1, { finish: null })], [reply(1, { finish: 'stop' })]];
  const { agent, looks } = fakeServer({ looks: [[]], messages: [open, open, ended] });
  t.is((await stopTurn(agent, ref, options)).proof.readings, 3);
  t.is(looks(), 5);
});

test('a turn that works again after it was seen idle is aborted again', async (t) => {
  const { agent, calls } = fakeServer({ looks: [[], [], ['ses_1'], []] });
  await stopTurn(agent, ref, options);
  t.deepEqual(calls, ['abort ses_1', 'abort ses_1']);
});

test('a prompt that was just sent is looked at until its run would have been registered', async (t) => {
  const { agent, calls } = fakeServer({ looks: [[], [], ['ses_1'], []] });
  const beganAtMs = performance.now();
  await stopTurn(agent, ref, { ...options, sentAtMs: beganAtMs - 2_000 });
  t.deepEqual(calls, ['abort ses_1', 'abort ses_1']);
  t.true(performance.now() - beganAtMs >= 1_000);
});

test('a session that OpenCode no longer knows is idle', async (t) => {
  const { agent } = fakeServer({ looks: [[]] });
  const { proof } = await stopTurn(agent, { ...ref, sessionId: 'unknown' }, options);
  t.regex(proofInWords(proof), /^Aborted; 1 OpenCode session seen idle 3 times in a row; no processes/);
});

test('what its tools left running is ended, named, and part of the proof', async (t) => {
  const asked: (readonly string[])[] = [];
  const endProcesses = async (ids: readonly string[]) => {
    asked.push(ids);
    return { ended: [{ pid: 7, name: 'sleep' }], left: [] };
  };
  const children = { ses_1: [{ sessionId: 'ses_2', directory: '/project' }] };
  const { proof } = await stopTurn(fakeServer({ looks: [[]], children }).agent, ref, { ...options, endProcesses });
  t.deepEqual(asked, [
    ['ses_1', 'ses_2'],
    ['ses_1', 'ses_2'],
  ]);
  t.deepEqual(proof.processes, [{ pid: 7, name: 'sleep' }]);
  t.regex(proofInWords(proof), /1 process of its tools had to be ended/);
});

test('where processes cannot be seen the proof does not speak of them', async (t) => {
  const { proof } = await stopTurn(fakeServer({ looks: [[]] }).agent, ref, {
    ...options,
    endProcesses: async () => null,
  });
  t.is(proof.processes, null);
  t.regex(proofInWords(proof), /cannot be seen/);
});

test('a turn that goes on in spite of it is no proof', async (t) => {
  const { agent } = fakeServer({ looks: [['ses_1']] });
  const stopping = stopTurn(agent, ref, { ...options, proveWithinMs: 500 });
  await t.throwsAsync(stopping, { instanceOf: TimeoutError, code: 'turn_not_stopped', message: /ses_1 went on/ });
});

test('a process that cannot be ended is no proof', async (t) => {
  const endProcesses = async () => ({ ended: [], left: [{ pid: 7, name: 'sleep' }] });
  const { agent } = fakeServer({ looks: [[]] });
  const stopping = stopTurn(agent, ref, { ...options, endProcesses, proveWithinMs: 800 });
  await t.throwsAsync(stopping, { code: 'turn_not_stopped', message: /sleep \(7\)/ });
});

test('a server that does not answer is asked again, and no proof when that lasts', async (t) => {
  const { agent, calls } = fakeServer({ looks: [[]] });
  let isDown = true;
  const link = (): AgentServer => {
    if (isDown) throw new UnavailableError('It is down.');
    return agent();
  };
  const stopping = stopTurn(link, ref, { ...options, proveWithinMs: 500 });
  await t.throwsAsync(stopping, { code: 'turn_not_stopped', message: 'It is down.' });
  const hanging = { ...agent(), abort: () => new Promise<void>(() => {}) };
  await t.throwsAsync(
    stopTurn(() => hanging, ref, { ...options, proveWithinMs: 300 }),
    { code: 'turn_not_stopped' },
  );
  isDown = false;
  await stopTurn(link, ref, options);
  t.deepEqual(calls, ['abort ses_1']);
});

test('time that passes until the turn may be touched is not counted', async (t) => {
  const held = new Set([1, 2, 3]);
  const mayAct = async (): Promise<void> => {
    const untilMs = performance.now() + 300;
    if (held.delete(held.size)) await eventually(() => performance.now() >= untilMs);
  };
  const { agent } = fakeServer({ looks: [[]] });
  t.is((await stopTurn(agent, ref, { ...options, mayAct, proveWithinMs: 1_000 })).proof.readings, 3);
});

test('a prompt that somebody may still send finds no conversation', async (t) => {
  const { agent, calls } = fakeServer({ looks: [[]], messages: [[reply(1)]] });
  const { proof } = await stopTurn(agent, ref, { ...options, latePrompt: 'msg_late' });
  t.true(proof.conversationDeleted);
  t.deepEqual(calls, ['abort ses_1', 'delete ses_1']);
  t.regex(proofInWords(proof), /conversation was deleted/);
});

test('a prompt that has arrived, under whichever id, is not late', async (t) => {
  const arrived = [[reply(1)]];
  const id = arrived[0]?.[0]?.id ?? '';
  for (const [latePrompt, metadata] of [
    [id, {}],
    ['msg_old', { oioGivenUp: 'msg_old', oioInstead: id }],
  ] as const) {
    const { agent, calls } = fakeServer({ looks: [[]], messages: arrived, metadata });
    t.false((await stopTurn(agent, ref, { ...options, latePrompt })).proof.conversationDeleted);
    t.deepEqual(calls, ['abort ses_1']);
  }
});
