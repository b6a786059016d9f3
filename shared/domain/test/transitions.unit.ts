import { readFileSync } from 'node:fs';
import { STATUSES, type Status, type StoredSessionEvent } from '@oio/contracts';
import { ConflictError } from '@oio/errors';
import test from 'ava';
import { createActor } from 'xstate';
import {
  decide,
  failureOf,
  type SessionCommand,
  type SessionSnapshot,
  sessionMachine,
  TRANSITIONS,
} from '../src/index.ts';
import { at, CHILD_ID, command, context, PARENT_ID, resume, SESSION_IN, step, token, workspace } from './sessions.ts';

/** Section 2 of the specification, copied by hand: what the code says is not asked. */
const SPECIFIED: Readonly<Record<Status, string>> = {
  pending: 'queued cancelled failed orphaned',
  queued: 'running cancelled failed orphaned',
  running: 'completed partially_completed failed timeout paused stopped degraded orphaned',
  paused: 'running stopped cancelled orphaned',
  degraded: 'running failed completed stopped partially_completed timeout paused orphaned',
  partially_completed: 'queued completed',
  failed: 'queued',
  timeout: 'queued',
  stopped: 'queued',
  completed: '',
  cancelled: '',
  orphaned: '',
};
const specified = (from: Status): string[] => SPECIFIED[from].split(' ').filter(Boolean);
const PAIRS = STATUSES.flatMap((from) => STATUSES.map((to) => ({ from, to })));
const ALLOWED_PAIRS = PAIRS.filter(({ from, to }) => specified(from).includes(to)).map(
  ({ from, to }) => `${from} → ${to}`,
);

test('there are 144 pairs of statuses, of which 33 are transitions', (t) => {
  t.is(PAIRS.length, 144);
  t.is(ALLOWED_PAIRS.length, 33);
});

for (const from of STATUSES) {
  test(`the table lets a ${from} session become exactly what the specification says`, (t) => {
    t.deepEqual([...TRANSITIONS[from]].sort(), specified(from).sort());
  });

  for (const to of STATUSES) {
    const allowed = specified(from).includes(to);
    test(`the machine ${allowed ? 'takes' : 'does not take'} a ${from} session to ${to}`, (t) => {
      const snapshot = SESSION_IN[from]();
      const actor = createActor(sessionMachine, {
        snapshot: sessionMachine.resolveState({ value: from, context: snapshot }),
        input: snapshot,
      }).start();
      actor.send(eventTo(to, snapshot));
      const { value, context: next } = actor.getSnapshot();
      t.is(value, allowed ? to : from);
      t.is(next.status, allowed ? to : from);
      t.is(next.version, snapshot.version + (allowed ? 1 : 0));
    });
  }
}

test('every command in every status leads to a specified transition or to none, and all that are specified are reached', (t) => {
  const reached = new Set<string>();
  for (const from of STATUSES) {
    for (const snapshot of variantsOf(from)) {
      for (const order of everyCommand(snapshot)) {
        for (const children of [
          { succeeded: 1, failed: 1, unended: 0 },
          { succeeded: 2, failed: 0, unended: 0 },
        ]) {
          const decision = decide(snapshot, order, context(at(60), { children }));
          if (decision.kind !== 'events') continue;
          const changes = decision.events.flatMap((event) =>
            'from' in event.data ? [`${event.data.from} → ${event.data.to}`] : [],
          );
          t.true(changes.length <= 1, `${order.name} of a ${from} session made ${changes.join(', ')}`);
          t.is(decision.next.status !== from, changes.length === 1);
          for (const change of changes) reached.add(change);
        }
      }
    }
  }
  t.deepEqual([...reached].sort(), [...ALLOWED_PAIRS].sort());
});

test('a refusal names the session, both statuses and what is possible', (t) => {
  let refusals = 0;
  for (const from of STATUSES) {
    for (const snapshot of variantsOf(from)) {
      for (const order of everyCommand(snapshot)) {
        const decision = decide(snapshot, order, context(at(60)));
        if (decision.kind !== 'refused') continue;
        refusals += 1;
        const { error } = decision;
        t.true(error instanceof ConflictError);
        t.is(error.code, 'illegal_transition');
        t.is(error.facts['sessionId'], snapshot.id);
        t.is(error.facts['status'], from);
        const target = String(error.facts['target']);
        t.true((STATUSES as readonly string[]).includes(target));
        for (const part of [snapshot.id, ` is ${from} `, ` become ${target} `, `"${order.name}"`])
          t.true(error.message.includes(part), error.message);
        for (const name of error.facts['allowed'] as string[]) t.true(error.message.includes(name));
      }
    }
  }
  t.true(refusals > 60);
});

test('pending never becomes running in one step', (t) => {
  const decision = decide(
    SESSION_IN.pending(),
    command('dispatch', { serverId: 'server-1', schedulerEpoch: 1 }),
    context(at(1)),
  );
  t.is(decision.kind, 'refused');
});

test('the diagram of the README shows exactly the transitions', (t) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const drawn = [...readme.matchAll(/^ {2}(\w+) --> (\w+)$/gm)].map(([, from, to]) => `${from} → ${to}`);
  t.deepEqual(drawn.sort(), [...ALLOWED_PAIRS].sort());
});

/** The session as it comes, and on its way back from a pause. */
function variantsOf(status: Status): SessionSnapshot[] {
  const snapshot = SESSION_IN[status]();
  if (status !== 'paused') return [snapshot];
  const decision = decide(snapshot, command('resume', {}), context(at(1)));
  return decision.kind === 'events' ? [snapshot, decision.next] : [snapshot];
}

function everyCommand(snapshot: SessionSnapshot): SessionCommand[] {
  const run = snapshot.attempt ? token(snapshot) : '1.1';
  const failure = failureOf('provider_unavailable');
  const timers = (['max-duration', 'checkpoint', 'retry'] as const).map((name) =>
    command('fire-timer', { name, generation: snapshot.timers[name]?.generation ?? 1 }),
  );
  return [
    command('start', {}),
    command('pause', {}),
    command('resume', {}),
    command('stop', { reason: 'Enough.' }),
    command('cancel', {}),
    command('retry', {}),
    command('checkpoint', { data: {} }),
    command('delete', {}),
    command('dispatch', { serverId: 'server-1', schedulerEpoch: 1 }),
    ...timers,
    command('adopt', {}),
    command('add-child', { childId: CHILD_ID }),
    command('child-ended', { childId: CHILD_ID }),
    command('give-up', { failure }),
    command('end-by-parent', { policy: 'cancel', parentId: PARENT_ID }),
    command('end-by-parent', { policy: 'orphan', parentId: PARENT_ID }),
    command('report-prepared', { token: run, workspace, resume }),
    command('report-step', { token: run, step: step('msg_2', { apiErrors: 5 }), resume }),
    command('report-degraded', { token: run, failure }),
    command('report-recovered', { token: run }),
    command('report-warning', { token: run, type: 'odd', message: 'Odd.', context: {} }),
    command('report-completed', { token: run, steps: [step('msg_3')], resume, result: null, commit: null }),
    command('report-failed', { token: run, steps: [], resume, failure }),
    command('report-closed', { token: run, proof: 'Idle.' }),
  ];
}

/** An event that claims the transition, whether it is allowed or not. */
function eventTo(to: Status, snapshot: SessionSnapshot): StoredSessionEvent {
  const failure = failureOf('internal');
  const data = {
    from: snapshot.status,
    to,
    attempt: 1,
    priority: 'medium',
    place: snapshot.place,
    resumable: null,
    serverId: 'server-1',
    run: 1,
    messageId: 'msg_1',
    schedulerEpoch: null,
    failure,
    result: null,
    commit: null,
    succeeded: 1,
    failed: 1,
    retryAt: null,
  };
  return {
    sessionId: snapshot.id,
    tenant: snapshot.tenant,
    seq: snapshot.version + 1,
    commandId: null,
    epoch: 1,
    cause: { kind: 'system', id: 'test' },
    at: at(60),
    type: `session.${to}`,
    data,
  } as unknown as StoredSessionEvent;
}
