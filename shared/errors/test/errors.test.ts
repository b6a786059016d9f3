import test from 'ava';
import {
  AppError,
  CancelledError,
  ConflictError,
  EXIT_CODE,
  ForbiddenError,
  fromWireError,
  InternalError,
  InvalidError,
  NotFoundError,
  StartupError,
  TimeoutError,
  toWireError,
  UnauthenticatedError,
  UnavailableError,
} from '../src/index.ts';

const KINDS = [
  [InvalidError, 'invalid', false],
  [UnauthenticatedError, 'unauthenticated', false],
  [ForbiddenError, 'forbidden', false],
  [NotFoundError, 'not_found', false],
  [ConflictError, 'conflict', false],
  [UnavailableError, 'unavailable', true],
  [TimeoutError, 'timeout', true],
  [CancelledError, 'cancelled', false],
] as const;

for (const [Kind, kind, retryable] of KINDS) {
  test(`${Kind.name} is of the kind ${kind}, and trying again ${retryable ? 'may help' : 'does not help'}`, (t) => {
    const error = new Kind('That did not work.');
    t.true(error instanceof AppError && error instanceof Error);
    t.like(error, {
      kind,
      code: kind,
      message: 'That did not work.',
      retryable,
      violations: [],
      facts: {},
      retryAfterMs: undefined,
    });
    t.is(error.name, Kind.name);
    t.false('cause' in error);
    t.regex(error.stack ?? '', /errors\.test/);
  });

  test(`${Kind.name} crosses the wire as what it is, with all that may be told`, (t) => {
    const error = new Kind('That did not work.', {
      code: 'special',
      cause: new Error('secret'),
      violations: [{ field: 'title', code: 'custom', message: 'Too generic.' }],
      facts: { sessionId: 'one', allowed: ['stop'] },
      retryAfterMs: 250,
    });
    t.is((error.cause as Error).message, 'secret');
    const wire = JSON.parse(JSON.stringify(toWireError(error))) as ReturnType<typeof toWireError>;
    t.false(JSON.stringify(wire).includes('secret'));
    const again = fromWireError(wire) as AppError;
    t.true(again instanceof Kind);
    t.is(again.name, Kind.name);
    t.like(again, {
      kind,
      code: 'special',
      message: error.message,
      violations: error.violations,
      facts: error.facts,
      retryAfterMs: 250,
      retryable,
    });
  });

  test(`${Kind.name} without details crosses the wire without any`, (t) => {
    t.deepEqual(toWireError(new Kind('No.')), { kind, code: kind, message: 'No.' });
    t.like(fromWireError({ kind, code: kind, message: 'No.' }), { violations: [], facts: {}, retryAfterMs: undefined });
  });
}

test('a pause of zero before the next try is told, not dropped', (t) => {
  t.is(toWireError(new UnavailableError('Busy.', { retryAfterMs: 0 })).retryAfterMs, 0);
});

for (const thrown of [
  new TypeError('password=hunter2'),
  'password=hunter2',
  { message: 'password=hunter2' },
  undefined,
  null,
]) {
  test(`a bug (${typeof thrown}${thrown instanceof Error ? ' error' : ''}${thrown === null ? ' null' : ''}) is told as internal, its message stays hidden`, (t) => {
    const wire = toWireError(thrown);
    t.like(wire, { kind: 'internal', code: 'internal' });
    t.false(JSON.stringify(wire).includes('hunter2'));
    const again = fromWireError(wire);
    t.true(again instanceof InternalError);
    t.false(again instanceof AppError);
    t.is(again.name, 'InternalError');
  });
}

test('a bug that was told once is told again as a bug', (t) => {
  t.is(toWireError(new InternalError('Something went wrong inside.')).kind, 'internal');
});

test('a process that cannot start says why and with which code it exits', (t) => {
  const cause = new Error('EADDRINUSE');
  const error = new StartupError('Port 8000 is taken.', EXIT_CODE.unavailable, { cause });
  t.like(error, { name: 'StartupError', message: 'Port 8000 is taken.', exitCode: 69, cause });
  t.false(error instanceof AppError);
});

test('the exit codes are those of sysexits(3), each of its own', (t) => {
  t.deepEqual(EXIT_CODE, { usage: 64, unavailable: 69, storage: 74, config: 78 });
});
