import { type AppError, InvalidError } from '@oio/errors';
import test from 'ava';
import { subjectFor } from '../src/subject.ts';

const contract = { subject: 'session.create' };
const PLAIN = /^[A-Za-z0-9_-]$/;

test('a message goes to its own subject, or behind the address of the one that is meant', (t) => {
  t.is(subjectFor(contract), 'session.create');
  t.is(subjectFor(contract, 'worker.018f-A_b'), 'worker.018f-A_b.session.create');
});

test('no character but letters, digits, _ and - gets into a subject, wherever in an id it stands', (t) => {
  const passing: string[] = [];
  for (let code = 0; code <= 0xff_ff; code += 1) {
    const character = String.fromCharCode(code);
    if (PLAIN.test(character)) continue;
    for (const id of [character, `a${character}`, `${character}a`, `a${character}b`]) {
      for (const address of [`worker.${id}`, `${id}.a`]) {
        const error = throwsFor(address);
        if (error?.code !== 'invalid_address') passing.push(address);
      }
    }
  }
  t.deepEqual(passing, []);
});

test('an address is exactly a role and an id', (t) => {
  for (const address of [
    '',
    '.',
    'worker',
    'worker.',
    '.a',
    'worker.a.b',
    'worker..a',
    '*.*',
    '>',
    `worker.${'a'.repeat(129)}`,
  ]) {
    t.is(throwsFor(address)?.code, 'invalid_address', address);
  }
});

test('what is refused is told in part, not at its whole length', (t) => {
  t.true((throwsFor(`worker.${'a '.repeat(10_000)}`)?.message.length ?? 0) < 250);
});

function throwsFor(address: string): AppError | null {
  try {
    subjectFor(contract, address);
    return null;
  } catch (error) {
    return error instanceof InvalidError ? error : null;
  }
}
