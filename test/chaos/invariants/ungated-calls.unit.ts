import test from 'ava';
import type { StandInCall } from '../fleet/stand-in-call.ts';
import type { Part } from '../faults/fault.ts';
import type { Window } from '../windows.ts';
import { type Passage, ungatedCalls } from './ungated-calls.ts';

const FIRST = passage('first', 1_000);
const BEGUN = [call('create', 1_010), call('prompt', 1_060)];
const LET_THROUGH = [FIRST, passage('pass', 1_050)];

test('a session that is begun claims once and asks once, and each call after that asks anew', (t) => {
  t.deepEqual(ungatedCalls(BEGUN, LET_THROUGH, []), []);
  const stopped = [...BEGUN, call('abort', 2_010), call('abort', 2_160)];
  t.deepEqual(ungatedCalls(stopped, [...LET_THROUGH, passage('pass', 2_000), passage('pass', 2_150)], []), []);
});

for (const kind of ['prompt', 'resume', 'abort', 'delete'] as const) {
  test(`a further ${kind} that did not ask is seen, whatever let the calls before it through`, (t) => {
    const ungated = call(kind, 2_000);
    t.deepEqual(ungatedCalls([...BEGUN, ungated], LET_THROUGH, []), [ungated]);
    t.deepEqual(ungatedCalls([...BEGUN, ungated], [...LET_THROUGH, passage('claim', 1_950)], []), [ungated]);
  });
}

test('a call before its session was let through, and one long after that, are seen', (t) => {
  const [early, late] = [call('prompt', 40), call('prompt', 20_000)];
  t.deepEqual(ungatedCalls([early], [passage('pass', 50)], []), [early]);
  t.deepEqual(ungatedCalls([late], [passage('pass', 50)], []), [late]);
});

test('a call may be on its way for as long as a gateway or a server is held up, and no other part', (t) => {
  const late = call('prompt', 40_000);
  const during = (part: Part) => [window('freeze-gateway', part, 2_000, 39_000)];
  t.deepEqual(ungatedCalls([late], [passage('pass', 1_950)], during('gateways')), []);
  t.deepEqual(ungatedCalls([late], [passage('pass', 1_950)], during('redis')), [late]);
});

test('a turn that was set to work late may be ended once without the gate', (t) => {
  const frozen = [window('freeze-gateway', 'gateways', 1_055, 10_000)];
  const [create] = BEGUN as [StandInCall];
  const ended = [create, call('prompt', 10_020), call('abort', 10_100)];
  t.deepEqual(ungatedCalls(ended, LET_THROUGH, frozen), []);
  const again = call('abort', 10_200);
  t.deepEqual(ungatedCalls([...ended, again], LET_THROUGH, frozen), [again]);
});

test('what it takes for itself then is not missing for who has asked', (t) => {
  const frozen = [window('freeze-gateway', 'gateways', 1_055, 10_000)];
  const [create] = BEGUN as [StandInCall];
  const calls = [create, call('prompt', 10_020), call('abort', 10_100), call('prompt', 10_150)];
  t.deepEqual(ungatedCalls(calls, [...LET_THROUGH, passage('pass', 10_090)], frozen), []);
});

test('a crash of the database forgets who was let through right before it', (t) => {
  const [create, prompt] = BEGUN as [StandInCall, StandInCall];
  t.deepEqual(ungatedCalls([create, prompt], [FIRST], [window('pg-restart', 'postgres', 1_500, 4_000)]), []);
  t.deepEqual(ungatedCalls([create, prompt], [FIRST], [window('pg-restart', 'postgres', 15_000, 19_000)]), [prompt]);
});

test('what changes nothing, or is said of nobody, needs no gate', (t) => {
  t.deepEqual(ungatedCalls([call('answer', 10), { ...call('abort', 20), sessionId: null }], [], []), []);
});

function call(kind: StandInCall['kind'], atMs: number): StandInCall {
  return { number: atMs, atMs, kind, sessionId: 's', messageId: null, faultWhen: null };
}

function passage(kind: Passage['kind'], at: number): Passage {
  return { sessionId: 's', at, kind };
}

function window(fault: string, part: Part, from: number, to: number): Window {
  return { fault, touches: [part], from, to };
}
