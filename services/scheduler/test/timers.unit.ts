import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CommandReply } from '@oio/contracts';
import { UnavailableError } from '@oio/errors';
import type { SessionRouter } from '@oio/ownership';
import { createLogger } from '@oio/runtime';
import test from 'ava';
import { PacedCommands } from '../src/paced-commands.ts';
import type { SessionTable, TimedSession } from '../src/ports.ts';
import { fireTimers } from '../src/timers.ts';
import { ManualClock } from './support/manual-clock.ts';

const logger = createLogger('test', { level: 'silent' });

/** Sessions with a timer each, or with what is no timer, and what becomes of the commands to them. */
function rig(
  fireAtMs: Readonly<Record<string, number>>,
  answer: (id: string) => Promise<CommandReply['outcome']>,
  broken: Readonly<Record<string, unknown>> = {},
) {
  const clock = new ManualClock();
  const startMs = clock.monotonicMs();
  const fired: { readonly id: string; readonly commandId: string; readonly atMs: number }[] = [];
  const left = new Map(Object.entries(fireAtMs));
  const table: Pick<SessionTable, 'withTimer'> = {
    withTimer: async ({ withinMs, limit, except }) => {
      const nowMs = clock.monotonicMs();
      const due = [...left].filter(([id, atMs]) => atMs + startMs <= nowMs + withinMs && !except.includes(id));
      return due.slice(0, limit).map(([id, atMs]): TimedSession => {
        const fireAt = new Date(atMs + startMs).toISOString();
        const timers = id in broken ? broken[id] : { checkpoint: { generation: 7, fireAt } };
        return { id, tenant: 'acme', nowMs, timers } as TimedSession;
      });
    },
  };
  const send = async (_name: unknown, _payload: unknown, envelope: { sessionId: string; id: string }) => {
    const { sessionId: id, id: commandId } = envelope;
    fired.push({ id, commandId, atMs: clock.monotonicMs() - startMs });
    const outcome = await answer(id);
    if (outcome === 'applied') left.delete(id);
    return { sessionId: id, version: 9, status: 'running', outcome, session: null };
  };
  const commands = new PacedCommands({ clock, logger, what: 'timer' });
  const parts = { table: table as SessionTable, router: { send } as unknown as SessionRouter, commands };
  const run = async (ms: number): Promise<void> => {
    for (let leftMs = ms; leftMs > 0; ) {
      const restMs = Math.min(leftMs, await fireTimers(parts));
      await nextTurn();
      clock.advance(restMs);
      leftMs -= restMs;
    }
  };
  return { run, fired };
}

test('each timer fires when it is due, under an id made of what fires', async (t) => {
  const { run, fired } = rig({ a: 1_230, b: 4_567 }, async () => 'applied');
  await run(10_000);
  t.deepEqual(fired, [
    { id: 'a', commandId: 'timer:a:checkpoint:7', atMs: 1_230 },
    { id: 'b', commandId: 'timer:b:checkpoint:7', atMs: 4_567 },
  ]);
});

test('timers that cannot be read hold up no others', async (t) => {
  const broken = {
    a: null,
    b: {},
    c: { checkpoint: null },
    d: { checkpoint: { generation: 1, fireAt: 'soon' } },
    e: 7,
    // More than are looked at in one go.
    ...Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${index}`, null])),
  };
  const due = Object.fromEntries(Object.keys(broken).map((id) => [id, 0]));
  const { run, fired } = rig({ ...due, good: 5_000 }, async () => 'applied', broken);
  await run(20_000);
  t.deepEqual(
    fired.map(({ id, atMs }) => [id, atMs]),
    [['good', 5_000]],
  );
});

test('a timer that fails is tried again at growing intervals, and holds up no other', async (t) => {
  const { run, fired } = rig({ bad: 0, good: 5_000 }, async (id) => {
    if (id === 'bad') throw new UnavailableError('Nobody takes it.');
    return 'applied';
  });
  await run(20_000);
  const tries = fired.filter(({ id }) => id === 'bad').length;
  t.true(tries >= 4 && tries <= 6, `${tries} tries`);
  t.deepEqual(
    fired.filter(({ id }) => id === 'good').map(({ atMs }) => atMs),
    [5_000],
  );
});

test('a timer that stays due although it was answered does not spin', async (t) => {
  const { run, fired } = rig({ stale: 0 }, async () => 'stale');
  await run(20_000);
  t.true(fired.length <= 6, `${fired.length} tries`);
});

test('a command that gets no answer is not sent a second time, and holds up no other', async (t) => {
  const { run, fired } = rig({ mute: 0, good: 5_000 }, (id) =>
    id === 'mute' ? new Promise(() => {}) : Promise.resolve('applied'),
  );
  await run(20_000);
  t.deepEqual(
    fired.map(({ id }) => id),
    ['mute', 'good'],
  );
});
