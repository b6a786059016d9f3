import {
  type SessionEventType,
  type Status,
  type StoredSessionEvent,
  sessionEvents,
  sessionView,
} from '@oio/contracts';
import test from 'ava';
import fc from 'fast-check';
import { createActor } from 'xstate';
import {
  attemptToken,
  decide,
  executionMetrics,
  isRecoverable,
  isWorking,
  partsOf,
  readSnapshot,
  replay,
  type SessionSnapshot,
  sessionMachine,
  snapshotOf,
  type StoredSession,
  TRANSITIONS,
  toSessionView,
} from '../src/index.ts';
import { always, canonical, equal, lastOf, ok } from './property-checks.ts';
import { historyOf, play, result, type Scene, stories } from './random-histories.ts';
import { FAMILY } from './random-orders.ts';

/** The same for each scene in which something happened to a session that was there. */
function eachChange(
  holds: (before: SessionSnapshot, after: SessionSnapshot, events: readonly StoredSessionEvent[], scene: Scene) => void,
) {
  return (scenes: readonly Scene[]): void => {
    for (const scene of scenes) {
      if (scene.before && scene.decision.kind === 'events')
        holds(scene.before, scene.decision.next, scene.decision.events, scene);
    }
  };
}

always('no sequence of commands leads to a status that its predecessor does not allow', (scenes) => {
  let status: Status = 'pending';
  for (const event of historyOf(scenes)) {
    if (!('from' in event.data)) continue;
    equal(event.data.from, status);
    equal(event.type, `session.${event.data.to}`);
    ok(TRANSITIONS[status].includes(event.data.to), `${status} → ${event.data.to}`);
    status = event.data.to;
  }
  equal(result(lastOf(scenes)).status, status);
});

always(
  'a change of status is exactly one event, and an event of a transition always changes it',
  eachChange((before, after, events) => {
    const transitions = events.filter((event) => 'from' in event.data);
    equal(transitions.length, before.status === after.status ? 0 : 1);
    equal(after.statusUpdatedAt, transitions[0]?.at ?? before.statusUpdatedAt);
  }),
);

always('a refusal and a late command leave no event behind', (scenes) => {
  let version = 0;
  for (const { decision } of scenes) {
    if (decision.kind !== 'events') continue;
    for (const event of decision.events) equal(event.seq, (version += 1));
    equal(decision.next.version, version);
  }
});

always('the first event of a command carries its id, instant, epoch and cause; the others all but the id', (scenes) => {
  for (const { decision, context } of scenes) {
    if (decision.kind !== 'events') continue;
    for (const [index, event] of decision.events.entries()) {
      equal(event.commandId, index === 0 ? context.commandId : null);
      equal([event.at, event.epoch, event.cause], [context.now, context.epoch, context.cause]);
    }
  }
});

always('the history replays to the same snapshot, byte for byte', (scenes) => {
  equal(canonical(replay(historyOf(scenes))), canonical(result(lastOf(scenes))));
});

always('a snapshot is taken apart and put together again without a difference, byte for byte', (scenes) => {
  const [first] = historyOf(scenes);
  if (first?.type !== 'session.created') throw new Error('A history begins with the creation.');
  const next = result(lastOf(scenes));
  const parts = partsOf(next);
  equal(parts.birth, first.data);
  equal(JSON.stringify(snapshotOf(parts)), JSON.stringify(next));
  ok(!Object.keys(parts.birth).some((field) => field in parts.state), 'a field stands in both parts');
  const stored = JSON.parse(JSON.stringify({ birth: first.data, state: parts.state })) as StoredSession;
  equal(JSON.stringify(readSnapshot(stored)), JSON.stringify(next));
  equal(JSON.stringify(partsOf(replay(historyOf(scenes))).state), JSON.stringify(parts.state));
});

always('the machine, fed with the history, stands where the snapshot stands, at every event', (scenes) => {
  const history = historyOf(scenes);
  const actor = createActor(sessionMachine, { input: replay(history.slice(0, 1)) }).start();
  for (const [index, event] of history.entries()) {
    if (index === 0) continue;
    actor.send(event);
    const { value, context } = actor.getSnapshot();
    equal(value, context.status);
    equal(context.version, event.seq, `the machine has not taken ${event.type}`);
  }
  equal(canonical(actor.getSnapshot().context), canonical(result(lastOf(scenes))));
});

always('a trip through JSON changes neither the events nor the snapshot nor what follows from them', (scenes) => {
  const { next, history } = { next: result(lastOf(scenes)), history: historyOf(scenes) };
  equal(JSON.parse(JSON.stringify(next)), next);
  const travelled = JSON.parse(JSON.stringify(history)) as StoredSessionEvent[];
  equal(travelled, history);
  equal(canonical(replay(travelled)), canonical(next));
});

always('the same input gives the same output, and no input is written to', (scenes) => {
  for (const { before, command, context, decision } of scenes) {
    if (before && command) equal(decide(before, command, context), decision);
  }
});

always('checkpoint sequences are 1, 2, 3 … over all attempts, and the last of them is the count', (scenes) => {
  const sequences = historyOf(scenes).flatMap((event) =>
    event.type === 'session.checkpoint-made' ? [event.data.checkpoint.sequence] : [],
  );
  equal(
    sequences,
    sequences.map((_, index) => index + 1),
  );
  const { checkpoints } = result(lastOf(scenes));
  equal([checkpoints.count, checkpoints.last?.sequence ?? 0], [sequences.length, sequences.length]);
});

always('no duration is ever negative, also when the clock was set back', (scenes) => {
  for (const scene of scenes) {
    const { times } = result(scene);
    for (const ms of [times.queuedMs, times.executingMs, times.attemptMs])
      ok(ms >= 0 && Number.isInteger(ms), `${ms} ms`);
    ok(times.attemptMs <= times.executingMs, 'an attempt cannot take longer than all of them');
    for (const now of [scene.context.now, '2020-01-01T00:00:00.000Z', '2030-01-01T00:00:00.000Z']) {
      const { queuedSeconds, executingSeconds, totalSeconds } = executionMetrics(result(scene), now);
      for (const seconds of [queuedSeconds, executingSeconds, totalSeconds]) ok(seconds >= 0, `${seconds} s`);
    }
  }
});

always(
  'completed, cancelled and orphaned sessions stay what they are',
  eachChange((before, after) => {
    if (['completed', 'cancelled', 'orphaned'].includes(before.status)) equal(after.status, before.status);
  }),
);

always('only failed, timed-out and stopped sessions with a checkpoint and retries left are recoverable', (scenes) => {
  for (const scene of scenes) {
    const snapshot = result(scene);
    if (!isRecoverable(snapshot)) continue;
    ok(['failed', 'timeout', 'stopped'].includes(snapshot.status), snapshot.status);
    ok(
      snapshot.checkpoints.count > 0 && snapshot.retries < snapshot.policy.maxRetries && snapshot.deletedAt === null,
      'it may not be retried',
    );
  }
});

always('a session is never retried more often than its policy allows, and every retry is a new attempt', (scenes) => {
  const { retries, policy } = result(lastOf(scenes));
  ok(retries <= policy.maxRetries, `${retries} retries`);
  const runs = historyOf(scenes).flatMap((event) =>
    event.type === 'session.running' && event.data.from !== 'degraded'
      ? [`${event.data.attempt}.${event.data.run}`]
      : [],
  );
  equal(new Set(runs).size, runs.length, 'a run has its token for itself');
  const started = historyOf(scenes).filter(({ type }) => type === 'session.prompt-started').length;
  const attempts = new Set(runs.map((run) => run.split('.')[0])).size;
  ok(attempts <= retries + 1 + started, 'there are more attempts than retries and further prompts');
});

always(
  'tokens, cost, calls, errors, retries, warnings and checkpoints never fall',
  eachChange((before, after) => {
    const counters = ({ usage, retries, warningCount, checkpoints }: SessionSnapshot): number[] => [
      ...Object.values(usage.tokens),
      usage.costUsd,
      usage.apiCalls,
      usage.apiErrors,
      retries,
      warningCount,
      checkpoints.count,
    ];
    const now = counters(after);
    for (const [index, count] of counters(before).entries()) ok((now[index] ?? -1) >= count, `counter ${index} fell`);
  }),
);

always('the timers of a run stand exactly while it works, and that of a retry only after a failure', (scenes) => {
  for (const scene of scenes) {
    const { timers, status, times, session, deletedAt, approvals } = result(scene);
    const names = Object.keys(timers).sort();
    const set = names.filter((name) => name !== 'revert');
    if (isWorking(status)) {
      equal(set, [...timersOfApprovals(result(scene)), 'checkpoint', 'max-duration']);
      const leftMs = Math.max(0, session.maxDurationSeconds * 1_000 - times.attemptMs);
      equal(Date.parse(timers['max-duration']?.fireAt ?? ''), Date.parse(times.workingSince ?? '') + leftMs);
    } else {
      ok(
        approvals.length + set.length === 0 || (status === 'failed' && set.join() === 'retry' && deletedAt === null),
        `${status} with ${set.join()}`,
      );
    }
  }
});

always(
  'the timer of an order to take a session back stands until that has ended, or the session is deleted',
  (scenes) => {
    for (const scene of scenes) {
      const { timers, revert, deletedAt } = result(scene);
      equal('revert' in timers, revert?.state === 'under_way' && deletedAt === null);
    }
  },
);

always(
  'a timer that was not set by this command keeps its instant and generation',
  eachChange((before, after, events) => {
    for (const [name, timer] of Object.entries(after.timers)) {
      const old = before.timers[name as keyof typeof before.timers];
      if (events.every(({ seq }) => seq !== timer.generation)) equal(timer, old);
    }
  }),
);

always(
  'a working session has an open run, and no other run than the present one is ever aborted',
  eachChange((before, after, _, { decision }) => {
    if (isWorking(after.status)) ok(after.attempt?.open, 'it works without an open attempt');
    const effects = decision.kind === 'events' ? decision.effects : [];
    const present = before.attempt && {
      type: 'abort-attempt',
      serverId: before.attempt.serverId,
      token: attemptToken(before.attempt),
    };
    for (const effect of effects.filter(({ type }) => type === 'abort-attempt')) equal(effect, present);
    if (effects.some(({ type }) => type === 'execute-attempt')) ok(isWorking(after.status), after.status);
  }),
);

always(
  'a session waits for a slot exactly while it is queued or about to resume, and works exactly while it has one',
  (scenes) => {
    for (const scene of scenes) {
      const { status, times } = result(scene);
      if (status !== 'paused') equal(times.waitingSince !== null, status === 'queued');
      equal(times.workingSince !== null, isWorking(status));
    }
  },
);

always('every event satisfies its contract', (scenes) => {
  for (const event of historyOf(scenes)) equal(parsed(event.type, event), event);
});

always('every snapshot gives a view that satisfies its contract', (scenes) => {
  for (const scene of scenes) {
    const view = toSessionView(result(scene), scene.context.now);
    equal(sessionView.parse(view), view);
    equal(JSON.parse(JSON.stringify(view)), view);
  }
});

test('the stories reach every event, every status and every verdict', (t) => {
  const seen = new Set<string>();
  for (const story of fc.sample(stories, { numRuns: 2_000, seed: 1 })) {
    for (const scenes of play(story).values()) {
      for (const event of historyOf(scenes)) seen.add(event.type);
      for (const { decision } of scenes) seen.add(decision.kind);
    }
  }
  const missing = [...Object.keys(sessionEvents), 'events', 'refused', 'nothing'].filter((name) => !seen.has(name));
  t.deepEqual(missing, []);
  t.is(FAMILY.length, 3);
});

function parsed(type: SessionEventType, event: StoredSessionEvent): unknown {
  return sessionEvents[type].payload.parse(event);
}

/** One for the first deadline, as long as something waits. */
function timersOfApprovals({ approvals, timers }: SessionSnapshot): readonly string[] {
  equal(timers.approval?.fireAt, approvals.map(({ deadline }) => deadline).toSorted()[0]);
  return approvals.length > 0 ? ['approval'] : [];
}
