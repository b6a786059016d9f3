import { tmpdir } from 'node:os';
import { openTestServer } from '@oio/persistence/testing';
import test from 'ava';
import { faultsNamed } from './catalogue.ts';
import { tryOnRealServer } from './on-real-server.ts';
import type { Outcome } from './trial.ts';

/** What the stand-in plays comes to the same on the real binary: some of it here, all by `npm run -s faults -- run --real`. */
const SOME = [
  'stream-stalls',
  'tool-never-ends',
  'sub-agent-hangs',
  'empty-stream',
  'answer-truncated',
  'garbled-stream',
  'refused-401',
  'quota-used-up',
  'rate-limited-for-an-hour',
  'context-overflow-once',
  'stream-reset-once',
  'turn-aborted-elsewhere',
  'conversation-deleted',
  'directory-vanishes',
  'permission-asked',
  'question-asked',
  'server-killed',
];

// How long it takes is measured where nothing else runs, and said in docs/fault-kit.md.
test('faults come to the same on the real server as on the stand-in', async (t) => {
  t.timeout(170_000);
  await using server = await openTestServer();
  const outcomes: Outcome[] = [];
  const onOutcome = (outcome: Outcome): void => void outcomes.push(outcome);
  await tryOnRealServer({ root: tmpdir(), postgres: server.url, faults: faultsNamed(SOME), times: 1, onOutcome });
  t.deepEqual(
    outcomes.flatMap(({ fault, complaints }) => complaints.map((complaint) => `${fault}: ${complaint}`)),
    [],
  );
  t.is(outcomes.length, SOME.length);
});
