import test from 'ava';
import { dueBy, isDisturbed, undisturbed, type Window } from './windows.ts';

const PATIENCE = { withinMs: 2, afterMs: 5 };

test('what is begun while nothing is disturbed is due in the usual time, whatever comes after that', (t) => {
  t.is(dueBy(100, [], PATIENCE), 102);
  t.is(dueBy(100, [during(103, 500)], PATIENCE), 102);
  t.is(dueBy(100, [during(10, 94)], PATIENCE), 102);
});

test('a disturbance puts it off until its end and the time to recover, also one that has just ended', (t) => {
  t.is(dueBy(100, [during(50, 200)], PATIENCE), 205);
  t.is(dueBy(100, [during(102, 200)], PATIENCE), 205);
  t.is(dueBy(100, [during(50, 98)], PATIENCE), 103);
});

test('one after the other puts it off until the end of the last, as long as none leaves the time to recover', (t) => {
  t.is(dueBy(100, [during(206, 300), during(100, 200)], PATIENCE), 205);
  t.is(dueBy(100, [during(205, 300), during(100, 200)], PATIENCE), 305);
  t.is(dueBy(100, [during(305, 400), during(205, 300), during(100, 200)], PATIENCE), 405);
});

test('a long disturbance counts to its own end, not to that of a short one within it', (t) => {
  t.is(dueBy(100, [during(100, 300), during(150, 160)], PATIENCE), 305);
});

test('a fault does not disturb itself, and another one does at its edges and between', (t) => {
  const windows = [during(100, 200, 'own'), during(150, 160, 'other')];
  t.false(isDisturbed([during(100, 200, 'own')], { but: 'own', from: 100, to: 200 }));
  t.true(isDisturbed(windows, { but: 'own', from: 160, to: 200 }));
  t.true(isDisturbed(windows, { but: 'own', from: 100, to: 150 }));
  t.false(isDisturbed(windows, { but: 'own', from: 161, to: 200 }));
});

test('what is left of a time without its disturbances are the pieces between them', (t) => {
  const whole = { from: 100, to: 900 };
  t.deepEqual(undisturbed(whole, []), [whole]);
  t.deepEqual(undisturbed(whole, [during(600, 700), during(50, 200), during(150, 180)]), [
    { from: 200, to: 600 },
    { from: 700, to: 900 },
  ]);
  t.deepEqual(undisturbed(whole, [during(800, 1_000)]), [{ from: 100, to: 800 }]);
  t.deepEqual(undisturbed(whole, [during(100, 950)]), []);
});

function during(from: number, to: number, fault = 'fault'): Window {
  return { fault, touches: ['nats'], from, to };
}
