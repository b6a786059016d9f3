import { mock } from 'node:test';
import { AppError, UnavailableError } from '@oio/errors';
import test from 'ava';
import { createResilience } from '../../src/adapters/opencode-resilience.ts';

// The product's own figures, of section 5 of the specification: time is passed by hand.
const SECOND = 1_000;

class Server {
  answer: AppError | null = failing();
  readonly askedAtMs: number[] = [];
  readonly call = async (): Promise<string> => {
    this.askedAtMs.push(Date.now());
    if (this.answer) throw this.answer;
    return 'fine';
  };
}

function failing(code = 'server_error'): AppError {
  return new UnavailableError('It fails.', { code });
}

function onMockedTime(task: () => Promise<void>): Promise<void> {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
  return task().finally(() => mock.timers.reset());
}

/** Lets time go by in small steps, so that what is waited for is seen when it is due. */
async function pass(seconds: number): Promise<void> {
  for (let passedMs = 0; passedMs < seconds * SECOND; passedMs += 100) {
    await settle();
    mock.timers.tick(100);
  }
  await settle();
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** The code that a call fails with, or what it answers. */
const outcome = (call: Promise<string>): Promise<string> =>
  call.catch((error: unknown) => (error instanceof AppError ? error.code : String(error)));

async function failTenTimes(server: Server, resilience = createResilience()) {
  for (let count = 0; count < 10; count += 1) await outcome(resilience.write(server.call));
  return resilience;
}

test.serial('a read is tried three times, one second and then two seconds apart', (t) =>
  onMockedTime(async () => {
    const server = new Server();
    const read = outcome(createResilience().read(server.call));
    await pass(30);
    t.is(await read, 'server_error');
    t.deepEqual(server.askedAtMs, [0, 1 * SECOND, 3 * SECOND]);
  }),
);

test.serial('no pause between two tries is longer than ten seconds', (t) =>
  onMockedTime(async () => {
    const server = new Server();
    const read = outcome(createResilience({ tries: 7, failuresToOpen: 100 }).read(server.call));
    await pass(60);
    t.is(await read, 'server_error');
    t.deepEqual(
      server.askedAtMs,
      [0, 1, 3, 7, 15, 25, 35].map((second) => second * SECOND),
    );
  }),
);

test.serial('the tenth failure in a row opens the circuit, for reads and changes', (t) =>
  onMockedTime(async () => {
    const server = new Server();
    const resilience = createResilience();
    for (let count = 0; count < 9; count += 1) await outcome(resilience.write(server.call));
    t.is(resilience.circuit, 'closed');
    await outcome(resilience.write(server.call));
    t.is(resilience.circuit, 'open');
    t.is(await outcome(resilience.write(server.call)), 'circuit_open');
    const read = outcome(resilience.read(server.call));
    await pass(5);
    t.is(await read, 'circuit_open');
    t.is(server.askedAtMs.length, 10);
  }),
);

test.serial('an answer in between begins the count anew', (t) =>
  onMockedTime(async () => {
    const server = new Server();
    const resilience = createResilience();
    for (let count = 0; count < 9; count += 1) await outcome(resilience.write(server.call));
    server.answer = null;
    await resilience.write(server.call);
    server.answer = failing();
    for (let count = 0; count < 9; count += 1) await outcome(resilience.write(server.call));
    t.is(resilience.circuit, 'closed');
  }),
);

test.serial(
  'a server that failed is left alone for sixty seconds, and then for another sixty when it fails again',
  (t) =>
    onMockedTime(async () => {
      const server = new Server();
      const resilience = await failTenTimes(server);
      await pass(59);
      t.is(await outcome(resilience.write(server.call)), 'circuit_open');
      await pass(1);
      t.is(await outcome(resilience.write(server.call)), 'server_error', 'it is tried once');
      await pass(59);
      t.is(await outcome(resilience.write(server.call)), 'circuit_open');
      await pass(1);
      server.answer = null;
      t.is(await outcome(resilience.write(server.call)), 'fine');
      t.is(server.askedAtMs.length, 12);
    }),
);

test.serial('three answers close the circuit, and meanwhile the others wait', (t) =>
  onMockedTime(async () => {
    const server = new Server();
    const resilience = await failTenTimes(server);
    await pass(60);
    const held = Promise.withResolvers<string>();
    const tried = [1, 2, 3].map(() => outcome(resilience.write(() => held.promise)));
    const further = outcome(resilience.write(server.call));
    await pass(1);
    t.is(resilience.circuit, 'half_open');
    t.is(server.askedAtMs.length, 10, 'no more than three at a time try it');
    server.answer = null;
    held.resolve('fine');
    t.deepEqual([...(await Promise.all(tried)), await further], ['fine', 'fine', 'fine', 'fine']);
    t.is(resilience.circuit, 'closed');
  }),
);

test.serial('stopping and asking for health never wait for the circuit, nor open it', (t) =>
  onMockedTime(async () => {
    const server = new Server();
    const resilience = createResilience();
    for (let count = 0; count < 20; count += 1) await outcome(resilience.control(server.call));
    t.is(resilience.circuit, 'closed');
    await failTenTimes(server, resilience);
    server.answer = null;
    t.is(await outcome(resilience.control(server.call)), 'fine');
  }),
);
