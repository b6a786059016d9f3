import { tmpdir } from 'node:os';
import { openTestServer } from '@oio/persistence/testing';
import test from 'ava';
import { FAULTS, isPlayedOn } from './catalogue.ts';
import { tryOnStandIns } from './on-stand-ins.ts';
import { type Lived, runLiving } from './run-living.ts';
import { faultsIn, type Outcome } from './trial.ts';

/** How late a verdict is, to two seconds, `faults` measures; other tests work beside this one. */
const SLACK_MS = 15_000;
/** All of it takes about two minutes and a half where a machine has other things to do. */
const HANG_MS = 400_000;
/** Every fault once, at the same time; the same 20 times by `npm run -s faults -- run`. */
const faults = FAULTS.filter((fault) => isPlayedOn('stand-in', fault));
const outcomes = new Map(faults.map(({ name }) => [name, Promise.withResolvers<Outcome>()]));
const lived = Promise.withResolvers<readonly Lived[]>();
let end = async (): Promise<void> => {};

test.before(async () => {
  const server = await openTestServer();
  const trying = tryAll(server.url);
  end = async () => {
    await trying;
    await server[Symbol.asyncDispose]();
  };
});

test.after.always(() => end());

for (const { name, does, expected } of faults) {
  test(`${name}: who ${does} comes to: ${expected}`, async (t) => {
    t.timeout(HANG_MS);
    const outcome = await outcomes.get(name)?.promise;
    t.deepEqual(outcome && faultsIn(outcome, SLACK_MS), []);
  });
}

test('turns that are slow and alive are not cut', async (t) => {
  t.timeout(HANG_MS);
  t.deepEqual(
    (await lived.promise).filter(({ killedBy }) => killedBy !== null),
    [],
  );
});

async function tryAll(postgres: string): Promise<void> {
  const all: Lived[] = [];
  try {
    await runLiving({ root: tmpdir(), postgres, on: 'stand-in', times: 4, onLived: (one) => all.push(one) });
    lived.resolve(all);
    const onOutcome = (outcome: Outcome): void => outcomes.get(outcome.fault)?.resolve(outcome);
    await tryOnStandIns({ root: tmpdir(), postgres, faults, times: 1, onOutcome });
  } catch (error) {
    lived.reject(error);
    for (const { promise, reject } of outcomes.values()) {
      promise.catch(() => {});
      reject(error);
    }
  }
}
