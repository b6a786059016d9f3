import test from 'ava';
import type { Workload } from './arguments.ts';
import type { BacklogFigures } from './backlog/measure-backlog.ts';
import type { Failover, Takeover } from './failover.ts';
import { type Figures, figuresOf, type Measured } from './figures.ts';
import { loadFigures } from './load.ts';
import { backlogResult, limitsResult, takeoverResult } from './results.ts';

const measured: Measured = {
  tookMs: 500,
  ops: 4,
  latenciesMs: [4, 1, 3, 2],
  failures: ['503 not now'],
  cpuSeconds: 0.25,
  rssMb: 300,
};
const larger: Measured = { ...measured, tookMs: 1_500, ops: 6, latenciesMs: [9], failures: [], rssMb: 400 };

const times = { p50: 70, p99: 80, max: 90 };
const failover = (commands: Measured, sessions: number): Failover => {
  const takeover: Takeover = { sessions, ...times, answered: times, failed: 0 };
  return { takeover, commands };
};
const limits = { singleRowCommitsPerSec: 1, batchedCommitsPerSec: 64, natsRequestsPerSec: null, koaRequestsPerSec: 1 };
const pickups = { p50: 2, p99: 7, count: 10 };
const size: BacklogFigures = {
  queued: 1_000,
  enqueuePerSec: 5_000,
  enqueued: 1_000,
  takeoverMs: 1,
  countedMs: { first: 1, again: null },
  drainPerSec: 900,
  cpu: { enqueue: { all: 1, by: {} }, drain: { all: 1, by: {} } },
  pickupMs: pickups,
  succession: null,
  decisions: { decisionUs: 1, queueUs: 1, bytesEach: 1, compareMs: 1 },
  schedulerRssMb: 130,
};

/** What each workload says of measurements as it takes them. */
const load = (): Figures =>
  loadFigures(
    {
      type: 'end',
      tookMs: 2_000,
      cpuSeconds: 1,
      ops: 10,
      errors: 1,
      firstError: '503 not now',
      latencyMs: { p50: 3, p95: 9, p99: 9, max: 9 },
    },
    { all: 0.5, by: { postgres: 0.5 } },
    400,
  );
const w3 = () => {
  const [first, second] = [failover(larger, 33), failover(measured, 32)];
  return takeoverResult({ SIGKILL: first, SIGTERM: second, SIGSTOP: { ...second, commands: EMPTY } });
};
const w4 = () => {
  const backlogs = [measured, larger].map((drain) => ({ figures: size, drain }));
  return backlogResult({ freeSlotMs: pickups, fairness: { jain: 1, compared: 9, threeToOne: 3 }, backlogs });
};
const EMPTY: Measured = { tookMs: 0, ops: 0, latenciesMs: [], failures: [], cpuSeconds: 0, rssMb: 0 };

const SAID: Readonly<Record<Workload, () => Figures>> = {
  w1: load,
  w2: load,
  w3,
  w4,
  limits: () => limitsResult({ limits, measured: [measured, larger] }),
};

for (const [workload, said] of Object.entries(SAID)) {
  test(`${workload} says how much it did in how long, at which latency, and what it took`, (t) => {
    t.like(said(), {
      seconds: 2,
      ops: 10,
      opsPerSec: 5,
      p50Ms: 3,
      p95Ms: 9,
      p99Ms: 9,
      cpuSecPer1000: 50,
      rssMb: 400,
      errors: 1,
      firstError: '503 not now',
    });
  });
}

test('W3 says beside it how long taking over took, of the one that was killed, and with how many commands under way', (t) => {
  const { takeoverMs, clients } = w3();
  t.like(takeoverMs, { sessions: 33, ...times });
  t.is(clients, 64);
});

test('W4 says of each size how fast it was queued and drained, how fast a critical one began, and the memory', (t) => {
  const { sizes } = w4();
  t.is(sizes.length, 2);
  t.like(sizes[0], { queued: 1_000, enqueuePerSec: 5_000, drainPerSec: 900, pickupMs: pickups, schedulerRssMb: 130 });
});

test('nothing done is said in numbers, too', (t) => {
  const { firstError, ...numbers } = figuresOf([]);
  t.is(firstError, null);
  for (const [name, value] of Object.entries(numbers)) t.is(value, 0, name);
});
