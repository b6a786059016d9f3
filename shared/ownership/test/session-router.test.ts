import { ConflictError, InternalError, InvalidError, NotFoundError, TimeoutError, UnavailableError } from '@oio/errors';
import { randomUUID } from 'node:crypto';
import { workerAnnounced, workerEnded } from '@oio/contracts';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createSessionRouter, notOwner } from '../src/session-router.ts';
import { envelopeOf, FakeWorkers, Hang } from './fake-workers.ts';

test('a command goes to the owner that the directory names, with its envelope', async (t) => {
  await using workers = new FakeWorkers();
  await workers.serve('any');
  await workers.own('s', 'a');
  const envelope = envelopeOf('s');
  t.like(await workers.router.send('pause', {}, envelope), { sessionId: 's', outcome: 'applied' });
  t.deepEqual(workers.asked, ['a']);
  t.deepEqual(workers.envelopes, [envelope]);
});

test('a command for a session without an owner goes to any worker', async (t) => {
  await using workers = new FakeWorkers();
  await workers.serve('any');
  await workers.router.send('pause', {}, envelopeOf('s'));
  t.deepEqual(workers.asked, ['any']);
});

test('an owner that answered is asked again without a look-up', async (t) => {
  await using workers = new FakeWorkers();
  await workers.own('s', 'a');
  await workers.own('other', 'a');
  for (let count = 0; count < 3; count += 1) await workers.router.send('pause', {}, envelopeOf('s'));
  t.is(workers.lookUps, 1);
  await workers.router.send('pause', {}, envelopeOf('other'));
  t.is(workers.lookUps, 2);
});

test('an owner that was heard of is asked without a look-up, unless another one has answered or it has ended', async (t) => {
  await using workers = new FakeWorkers();
  await workers.serve('any');
  await workers.serve('a');
  await workers.own('s', 'b');
  workers.router.hear('s', 'a');
  await workers.router.send('pause', {}, envelopeOf('s'));
  t.is(workers.lookUps, 0);
  workers.router.hear('s', 'b');
  await workers.router.send('pause', {}, envelopeOf('s'));
  t.deepEqual(workers.asked, ['a', 'a']);
  workers.bus.announce(workerEnded, { incarnation: 'c' });
  await eventually(async () => {
    workers.router.hear('other', 'c');
    await workers.router.send('pause', {}, envelopeOf('other'));
    return workers.asked.at(-1) === 'any';
  });
});

test('a session that is to be made is not looked up', async (t) => {
  await using workers = new FakeWorkers();
  await workers.serve('any');
  const session = { title: 'Mend the parser', prompt: 'Mend it.', directory: '/tmp' };
  await workers.router.send('create', session, envelopeOf('s'));
  t.is(workers.lookUps, 0);
  t.deepEqual(workers.asked, ['any']);
});

test('when the owner is gone any worker is asked, and the owner is forgotten', async (t) => {
  await using workers = new FakeWorkers();
  await workers.serve('any');
  const vanish = await workers.own('s', 'a');
  await workers.router.send('pause', {}, envelopeOf('s'));
  await vanish();
  await workers.router.send('pause', {}, envelopeOf('s'));
  t.deepEqual(workers.asked, ['a', 'any']);
  await workers.directory.withdraw('a');
  await workers.own('s', 'b');
  await workers.router.send('pause', {}, envelopeOf('s'));
  t.deepEqual(workers.asked, ['a', 'any', 'b']);
});

test('a worker that is not the owner sends the command on to the one it names, which is remembered', async (t) => {
  await using workers = new FakeWorkers();
  await workers.serve('any', () => {
    throw notOwner('s', 'b');
  });
  await workers.own('s', 'a', () => {
    throw notOwner('s', 'b');
  });
  await workers.serve('b');
  await workers.router.send('pause', {}, envelopeOf('s'));
  await workers.router.send('pause', {}, envelopeOf('s'));
  t.deepEqual(workers.asked, ['a', 'b', 'b']);
});

test('a worker that is not the owner and does not know it sends the command to any worker', async (t) => {
  await using workers = new FakeWorkers();
  await workers.serve('any');
  await workers.own('s', 'a', () => {
    throw notOwner('s', null);
  });
  await workers.router.send('pause', {}, envelopeOf('s'));
  t.deepEqual(workers.asked, ['a', 'any']);
});

test('a fenced worker is passed over, also when it answers for the queue group', async (t) => {
  await using workers = new FakeWorkers();
  const fenced = (): never => {
    throw new UnavailableError('Not confirmed.', { code: 'fenced' });
  };
  let refusals = 2;
  await workers.own('s', 'a', fenced);
  await workers.serve('any', () => {
    refusals -= 1;
    if (refusals >= 0) fenced();
  });
  await workers.router.send('pause', {}, envelopeOf('s'));
  t.deepEqual(workers.asked, ['a', 'any', 'any', 'any']);
});

test('every try carries the same envelope, and so the same command id', async (t) => {
  await using workers = new FakeWorkers();
  let refusals = 4;
  await workers.serve('any', () => {
    refusals -= 1;
    if (refusals >= 0) throw notOwner('s', null);
  });
  const envelope = envelopeOf('s');
  await workers.router.send('pause', {}, envelope);
  t.deepEqual(
    workers.envelopes,
    Array.from({ length: 5 }, () => envelope),
  );
});

test('a command that no worker takes is given up after its tries with no_owner', async (t) => {
  await using workers = new FakeWorkers();
  await workers.serve('any', () => {
    throw notOwner('s', null);
  });
  const error = await t.throwsAsync(workers.router.send('pause', {}, envelopeOf('s')), {
    instanceOf: UnavailableError,
  });
  t.like(error, { code: 'no_owner', retryAfterMs: 1_000 });
  t.true(error.cause instanceof ConflictError);
  t.is(workers.asked.length, 9);
});

test('a command goes on as long as it may while the owner that another one names hands over', async (t) => {
  await using workers = new FakeWorkers();
  const leave = await workers.own('s', 'a');
  await leave();
  let refusals = 0;
  await workers.serve('any', () => {
    refusals += 1;
    // A hand-over that takes longer than a worker is looked for which nobody names.
    if (refusals < 8) throw notOwner('s', 'a');
  });
  t.is((await workers.router.send('pause', {}, envelopeOf('s'))).sessionId, 's');
  t.is(workers.asked.length, 8);
});

test('two workers that send a command to each other do not keep it for ever', async (t) => {
  await using workers = new FakeWorkers({ allWithinMs: 1_000 });
  await workers.own('s', 'a', () => {
    throw notOwner('s', 'b');
  });
  await workers.own('s', 'b', () => {
    throw notOwner('s', 'a');
  });
  const error = await t.throwsAsync(workers.router.send('pause', {}, envelopeOf('s')), {
    instanceOf: UnavailableError,
  });
  t.is(error.code, 'no_owner');
});

test('with nobody there at all a command is given up with no_owner', async (t) => {
  await using workers = new FakeWorkers();
  const error = await t.throwsAsync(workers.router.send('pause', {}, envelopeOf('s')), {
    instanceOf: UnavailableError,
  });
  t.is(error.code, 'no_owner');
});

const PASSING: readonly [string, Error, new (...details: never[]) => Error][] = [
  ['a conflict', new ConflictError('The session is completed.', { code: 'illegal_transition' }), ConflictError],
  ['a missing session', new NotFoundError('No such session.'), NotFoundError],
  ['an invalid input', new InvalidError('Wrong.'), InvalidError],
  [
    'another unavailability',
    new UnavailableError('The database is away.', { code: 'database_away' }),
    UnavailableError,
  ],
  ['a time-out behind the worker', new TimeoutError('The database did not answer.'), TimeoutError],
  ['a bug', new TypeError('x is not a function'), InternalError],
];

for (const [what, thrown, kind] of PASSING) {
  test(`${what} passes through at once`, async (t) => {
    await using workers = new FakeWorkers();
    await workers.serve('any');
    await workers.own('s', 'a', () => {
      throw thrown;
    });
    await t.throwsAsync(workers.router.send('pause', {}, envelopeOf('s')), { instanceOf: kind });
    t.deepEqual(workers.asked, ['a']);
  });
}

test('an owner that refuses a command is still known as the owner', async (t) => {
  await using workers = new FakeWorkers();
  let refuse = false;
  await workers.own('s', 'a', () => {
    if (refuse) throw new ConflictError('The session is completed.');
  });
  await workers.router.send('pause', {}, envelopeOf('s'));
  refuse = true;
  for (let count = 0; count < 2; count += 1) {
    await t.throwsAsync(workers.router.send('pause', {}, envelopeOf('s')), { instanceOf: ConflictError });
  }
  t.is(workers.lookUps, 1);
});

test('an owner that did not answer in time is looked up anew: it may hang while another has taken over', async (t) => {
  await using workers = new FakeWorkers({ patienceMs: 50 });
  using gate = new Hang();
  await workers.own('s', 'a', () => gate.pass());
  const sent = workers.router.send('pause', {}, envelopeOf('s'));
  await eventually(() => workers.asked.length >= 2, { what: 'it is asked again, under the same id' });
  await workers.directory.withdraw('a');
  await workers.own('s', 'b');
  t.like(await sent, { outcome: 'applied' });
  t.is(workers.asked.at(-1), 'b');
  t.is(new Set(workers.envelopes.map(({ id }) => id)).size, 1);
});

test("the news of a worker's end takes back what was asked of it, and nobody asks it again", async (t) => {
  await using workers = new FakeWorkers({ patienceMs: 60_000 });
  using gate = new Hang();
  await workers.own('s', 'a', () => gate.pass());
  await workers.serve('any');
  const sent = workers.router.send('pause', {}, envelopeOf('s'));
  await eventually(() => workers.asked.length === 1, { what: 'it is asked' });
  workers.bus.announce(workerEnded, { incarnation: 'a' });
  t.like(await sent, { outcome: 'applied' });
  await workers.router.send('pause', {}, envelopeOf('s'));
  t.deepEqual(workers.asked, ['a', 'any', 'any']);
});

test('a worker that is heard is chosen, and known as the owner from then on; one that has ended is not', async (t) => {
  await using workers = new FakeWorkers();
  await workers.serve('any');
  await workers.serve('a');
  workers.bus.announce(workerAnnounced, { incarnation: 'a' });
  await eventually(
    async () => {
      await workers.router.send('pause', {}, envelopeOf(randomUUID()));
      return workers.asked.includes('a');
    },
    { what: 'the one that is heard is asked' },
  );
  workers.asked.length = 0;
  for (let count = 0; count < 3; count += 1) await workers.router.send('pause', {}, envelopeOf('s'));
  t.deepEqual(workers.asked, ['a', 'a', 'a']);
  workers.bus.announce(workerEnded, { incarnation: 'a' });
  await eventually(
    async () => {
      await workers.router.send('pause', {}, envelopeOf(randomUUID()));
      return workers.asked.at(-1) === 'any';
    },
    { what: 'the queue group is asked' },
  );
});

test('a worker that nobody answers for is given up with a time-out', async (t) => {
  await using workers = new FakeWorkers({ patienceMs: 20, allWithinMs: 100 });
  using gate = new Hang();
  await workers.own('s', 'a', () => gate.pass());
  await t.throwsAsync(workers.router.send('pause', {}, envelopeOf('s')), { instanceOf: TimeoutError });
});

test('without a directory a command still finds its way over the queue group', async (t) => {
  await using workers = new FakeWorkers();
  await workers.serve('any', () => {
    throw notOwner('s', 'a');
  });
  await workers.serve('a');
  const broken = { ...workers.directory, ownerOf: () => Promise.reject(new Error('connection refused')) };
  await createSessionRouter(workers.bus, broken).send('pause', {}, envelopeOf('s'));
  t.deepEqual(workers.asked, ['any', 'a']);
});

test('a closed bus is not tried again', async (t) => {
  await using workers = new FakeWorkers();
  await workers.bus[Symbol.asyncDispose]();
  const error = await t.throwsAsync(workers.router.send('pause', {}, envelopeOf('s')), {
    instanceOf: UnavailableError,
  });
  t.is(error.code, 'bus_closed');
});
