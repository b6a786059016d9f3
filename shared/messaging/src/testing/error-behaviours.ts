import {
  type AppError,
  CancelledError,
  ConflictError,
  type ErrorDetails,
  ForbiddenError,
  InternalError,
  InvalidError,
  NotFoundError,
  TimeoutError,
  UnauthenticatedError,
  UnavailableError,
} from '@oio/errors';
import { serviceEnvelope } from '../envelope.ts';
import type { BusBehaviours } from './bus-contract.ts';
import { testContracts } from './test-contracts.ts';

const ALL_KINDS: readonly (new (message: string, details: ErrorDetails) => AppError)[] = [
  CancelledError,
  ConflictError,
  ForbiddenError,
  InvalidError,
  NotFoundError,
  TimeoutError,
  UnauthenticatedError,
  UnavailableError,
];

const DETAILS: ErrorDetails = {
  code: 'some_reason',
  violations: [{ field: 'agentConfig.my agent', code: 'bad_name', message: 'Letters only; got "my agent" – ünïcödé.' }],
  facts: { from: 'running', to: 'pending', allowed: ['paused', 'stopped'], limits: { tenant: 3 } },
  retryAfterMs: 1_500,
};

export const errorBehaviours: BusBehaviours = {
  async 'an expected error arrives as the class it was, with code, violations, facts and when to retry'(t, bus) {
    for (const Kind of ALL_KINDS) {
      const { ask } = testContracts();
      await bus.serve(ask, async () => {
        throw new Kind('Not now: “π”\nsecond line.', { ...DETAILS, cause: new Error('inner') });
      });
      const error = await t.throwsAsync<AppError>(bus.request(ask, { number: 1 }, serviceEnvelope('test')));
      t.is(error.constructor, Kind);
      t.is(error.message, 'Not now: “π”\nsecond line.');
      t.like(error, { code: DETAILS.code, facts: DETAILS.facts, retryAfterMs: DETAILS.retryAfterMs });
      t.deepEqual(error.violations, DETAILS.violations);
      t.is(error.cause, undefined, 'the cause stays where it happened');
    }
  },

  async 'an expected error without details arrives without any'(t, bus) {
    const { ask } = testContracts();
    await bus.serve(ask, async () => {
      throw new NotFoundError('No such thing.');
    });
    const error = await t.throwsAsync(bus.request(ask, { number: 1 }, serviceEnvelope('test')), {
      instanceOf: NotFoundError,
    });
    t.like(error, { code: 'not_found', violations: [], facts: {}, retryAfterMs: undefined });
  },

  async 'a bug arrives as an InternalError that does not tell its message'(t, bus) {
    for (const bug of [new TypeError('the password is hunter2'), 'hunter2', undefined]) {
      const { ask } = testContracts();
      await bus.serve(ask, () => Promise.reject(bug as Error));
      const error = await t.throwsAsync(bus.request(ask, { number: 1 }, serviceEnvelope('test')), {
        instanceOf: InternalError,
      });
      t.is(error.code, 'internal');
      t.notRegex(`${error.message} ${error.stack} ${JSON.stringify(error)}`, /hunter2/);
    }
  },

  async 'a handler that failed answers the next request'(t, bus) {
    const { ask } = testContracts();
    await bus.serve(ask, async ({ payload }) => {
      if (payload.number === 1) throw new Error('a bug');
      return { by: 'the same handler' };
    });
    await t.throwsAsync(bus.request(ask, { number: 1 }, serviceEnvelope('test')));
    t.deepEqual(await bus.request(ask, { number: 2 }, serviceEnvelope('test')), { by: 'the same handler' });
  },
};
