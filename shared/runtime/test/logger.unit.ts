import { ConflictError, UnavailableError } from '@oio/errors';
import test from 'ava';
import { createLogger, type Logger } from '../src/logger.ts';

interface Line {
  readonly [name: string]: unknown;
  readonly err: Record<string, unknown>;
}

/** What a logger wrote, parsed. */
function written(write: (logger: Logger) => void, level = 'info'): Line[] {
  const lines: string[] = [];
  write(createLogger('test', { level, destination: { write: (line) => lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Line);
}

test('a line has the service, the instant, the facts and the message', (t) => {
  const [line] = written((logger) => logger.info({ sessionId: 's-1', tokens: { input: 3 } }, 'step finished'));
  t.like(line, { name: 'test', level: 30, sessionId: 's-1', tokens: { input: 3 }, msg: 'step finished' });
  t.regex(String(line?.['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test('what is below the level is not written', (t) => {
  t.deepEqual(
    written((logger) => logger.debug('x')),
    [],
  );
});

test('secrets are blotted out at any depth, in lists, and when they are objects', (t) => {
  const [line] = written((logger) =>
    logger.info({
      password: 'hunter2',
      a: { b: { c: { d: { headers: [{ Authorization: 'hunter2', accept: 'json' }] } } } },
      credentials: { user: 'oio', value: 'hunter2' },
      env: { JWT_SECRET_KEY: 'hunter2', API_PORT: '8000' },
      hasPassword: false,
    }),
  );
  t.notRegex(JSON.stringify(line), /hunter2/);
  t.like(line, {
    a: { b: { c: { d: { headers: [{ accept: 'json' }] } } } },
    credentials: '[secret]',
    env: { API_PORT: '8000' },
    hasPassword: false,
  });
});

test('secrets are blotted out in URLs, messages, stacks and causes', (t) => {
  const cause = Object.assign(new Error('connect postgres://oio:hunter2@db/oio'), { config: { password: 'hunter2' } });
  const error = new Error('no database at postgres://oio:hunter2@db/oio', { cause });
  const lines = written((logger) => {
    logger.error({ err: error }, 'not started');
    logger.error({ failure: { reason: error } }, 'under another name');
    logger.error(error);
    logger.info('asked %s', 'https://opencode:hunter2@127.0.0.1:4096/session');
    logger.info({ url: new URL('https://opencode:hunter2@127.0.0.1:4096/') });
    logger.child({ token: 'hunter2', url: 'nats://a:hunter2@h:4222' }).info('from a child');
  });
  t.is(lines.length, 6);
  t.notRegex(JSON.stringify(lines), /hunter2/);
});

test('an error is written with its type, code, facts, stack and causes, under whatever name', (t) => {
  const error = new ConflictError('The session is completed.', {
    code: 'illegal_transition',
    facts: { from: 'completed' },
    cause: new AggregateError([new TypeError('first')], 'several'),
  });
  const [line, other] = written((logger) => {
    logger.warn({ err: error }, 'refused');
    logger.warn({ problem: error }, 'refused');
  });
  t.like(line?.err, { type: 'ConflictError', code: 'illegal_transition', facts: { from: 'completed' } });
  t.like(line?.err, { message: 'The session is completed.', cause: { errors: [{ type: 'TypeError' }] } });
  t.regex(String(line?.err['stack']), /logger\.unit\.ts/);
  t.deepEqual(other?.['problem'], line?.err);
});

test('an error that passes by itself is written without its stack, and its cause with one', (t) => {
  const cause = new TypeError('read ECONNRESET');
  const [line] = written((logger) => logger.error({ err: new UnavailableError('Nobody answers.', { cause }) }, 'away'));
  t.like(line?.err, { type: 'UnavailableError', message: 'Nobody answers.' });
  t.false(Object.hasOwn(line?.err ?? {}, 'stack'));
  t.regex(JSON.stringify(line?.err['cause']), /"stack":".*logger\.unit\.ts/);
});

test('what is circular, deep, long, wide or hostile is cut, and never throws', (t) => {
  const circular: Record<string, unknown> = { name: 'loop' };
  circular['self'] = circular;
  let deep: unknown = 'bottom';
  for (let depth = 0; depth < 100; depth += 1) deep = { deep };
  const wide = Array.from({ length: 200 }, () => Array.from({ length: 200 }, () => [1, 2, 3]));
  const hostile = {
    get value(): never {
      throw new Error('a getter that throws');
    },
  };
  const values = { circular, deep, wide, bytes: Buffer.alloc(100_000), long: 'x'.repeat(1_000_000), big: 10n ** 20n };
  const lines: string[] = [];
  const logger = createLogger('test', { destination: { write: (line) => lines.push(line) } });
  logger.info(values, 'much');
  logger.info(hostile, 'hostile');
  const [much, second] = lines.map((line) => JSON.parse(line) as Line);
  t.true((lines[0]?.length ?? 0) < 50_000);
  t.like(much, {
    circular: { name: 'loop', self: '[circular]' },
    bytes: '[100000 bytes]',
    big: '100000000000000000000',
  });
  t.is(second?.['msg'], 'hostile');
});
