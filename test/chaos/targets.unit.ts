import test from 'ava';
import type { Part } from './faults/fault.ts';
import { History } from './load/history.ts';
import type { Strike } from './schedule.ts';
import type { Loss } from './takeovers.ts';
import { redisTargets, takeoversByKind } from './targets.ts';

test('the targets of a kind of takeover are judged by those during which nothing else was disturbed', (t) => {
  const [alone, beside] = [loss('crash'), loss('crash')];
  const took = (of: Loss, ms: number) => ({ loss: of, sessionId: 's', ms });
  const takeovers = [took(alone, 100), took(alone, 1_200), took(beside, 90_000)];
  const [crash, ofAll, hang] = takeoversByKind(takeovers, [alone]);
  t.is(crash?.all.max, 90_000);
  t.is(crash?.alone.max, 1_200);
  t.deepEqual(
    crash?.targets.map(({ name, figure, isMet }) => [name, figure, isMet]),
    [
      ['crash p50', 1_200, false],
      ['crash p99', 1_200, false],
    ],
  );
  t.deepEqual(ofAll?.targets, []);
  t.deepEqual(hang?.targets, []);
  const [fast] = takeoversByKind([took(alone, 100)], [alone]);
  t.true(fast?.targets.every(({ isMet }) => isMet));
});

test('what is accepted while Redis is disturbed is held against the undisturbed times of the run', (t) => {
  const history = new History();
  // Ten in each second, but six while it is away.
  for (let at = 0; at < 30_000; at += 100) if (!isAway(at) || at % 1_000 < 600) accepted(history, at, 400);
  const loaded = { from: 0, to: 30_000 };
  const of = (...strikes: Strike[]) =>
    redisTargets(strikes, history, loaded).map(({ name, figure, isMet }) => [name, figure, isMet]);
  t.deepEqual(of(strike('redis-kill', 'redis', 10_001, 20_000)), [
    ['redis-kill throughput', 60, false],
    ['redis-kill waited p99', 400, true],
  ]);
  t.deepEqual(of(strike('nats-kill', 'nats', 10_001, 20_000)), []);
  t.deepEqual(of(strike('redis-kill', 'redis', 10_001, 20_000), strike('roll', 'http', 15_000, 16_000)), []);
  t.deepEqual(of(strike('redis-kill', 'redis', 10_001, 12_000)), []);
});

function isAway(at: number): boolean {
  return at > 10_000 && at <= 20_000;
}

function accepted(history: History, endedAt: number, ms: number): void {
  const command = { ...history.begin('create', String(endedAt), null), startedAt: endedAt - ms };
  history.commands.pop();
  history.commands.push({ ...command, endedAt, outcome: 'accepted' });
}

function loss(how: Loss['how']): Loss {
  return { how, incarnation: 'i', at: 0, sessions: ['s'], fault: 'kill-owner' };
}

function strike(fault: string, part: Part, from: number, to: number): Strike {
  return { window: { fault, touches: [part], from, to }, effect: { times: 1 }, overAt: to, problem: null };
}
