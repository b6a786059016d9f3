import { join } from 'node:path';
import { startNatsServer } from '@oio/backing-servers';
import anyTest, { type TestFn } from 'ava';
import { TcpProxy } from '../chaos/proxy/tcp-proxy.ts';
import { type Backing, startBacking } from './support/backing.ts';
import { type Environment, ServiceProcess } from './support/service-process.ts';

const test = anyTest as TestFn<{ backing: Backing }>;

test.before(async (t) => {
  t.context.backing = await startBacking();
});
test.after.always((t) => t.context.backing?.[Symbol.asyncDispose]());

test.serial('without NATS a process is not ready, and is again by itself when NATS is back', async (t) => {
  const { backing } = t.context;
  await using process = start(backing, 'scheduler');
  await process.ready();
  await backing.nats.kill();
  const away = await process.ready(({ code }) => code === 503);
  t.deepEqual(away.reasons, ['nats down: There is no connection; it is tried again and again.']);
  await backing.nats.restart();
  await process.ready();
  t.true(process.isRunning);
});

test.serial(
  'a process that is told to stop is not ready from then on, and stops in time also while NATS hangs',
  async (t) => {
    const { backing } = t.context;
    await using process = start(backing, 'scheduler');
    await process.ready();
    await backing.nats.freeze();
    process.signal('SIGTERM');
    const { code, reasons } = await process.ready(({ status }) => status === 'stopping');
    t.is(code, 503);
    t.is(reasons[0], 'The process is stopping.');
    t.is(await process.ended(), 0, process.output);
    backing.nats.thaw();
  },
);

test.serial('services that are told to stop while PostgreSQL hangs are not ended by force, and say why', async (t) => {
  const { backing } = t.context;
  await using stack = new AsyncDisposableStack();
  const url = new URL(backing.database.url);
  const link = stack.use(await TcpProxy.start(Number(url.port)));
  url.port = String(link.port);
  const services = ['session-actor', 'scheduler', 'opencode-gateway', 'http-gateway', 'metrics'];
  const started = services.map((service) => stack.use(start(backing, service, { DATABASE_URL: url.href })));
  await Promise.all(started.map((process) => process.ready()));
  link.hold('both');
  for (const process of started) process.signal('SIGTERM');
  // Some have nothing to say to it at their end.
  for (const process of started) t.true([0, 69].includes((await process.ended()) ?? 70), process.output);
  for (const process of started.slice(0, 2))
    t.regex(process.output, /^Stopped without PostgreSQL, which does not answer: .+$/m);
});

test.serial('without Redis a process stays ready and says that it is impaired', async (t) => {
  const { backing } = t.context;
  await using process = start(backing, 'session-actor');
  await process.ready();
  await backing.redis.kill();
  const away = await process.ready(({ status }) => status === 'degraded');
  t.is(away.code, 200);
  t.regex(away.reasons.join(), /^redis down: /);
  await backing.redis.restart();
  await process.ready(({ status }) => status === 'ready');
});

test.serial('a process that NATS does not let in any more stops in good order and says why', async (t) => {
  const { backing } = t.context;
  await using stack = new AsyncDisposableStack();
  const directory = join(backing.directory, 'other-nats');
  const before = stack.use(await startNatsServer({ directory }));
  const process = stack.use(start(backing, 'session-actor', { NATS_URL: before.urlOf('session-actor') }));
  await process.ready();
  await before.stop();
  // With other passwords.
  stack.use(await startNatsServer({ directory, port: before.port }));
  t.is(await process.ended(), 78, process.output);
  t.is(process.lines.at(-1)?.['msg'], 'stopped');
  t.regex(
    process.output,
    /^NATS has closed the connection for good: it refuses the credentials of NATS_URL by now\.$/m,
  );
});

test.serial('a database of a newer schema is refused with a sentence, and left as it is', async (t) => {
  const { backing } = t.context;
  const { database } = backing.database;
  await database.query("insert into mikro_orm_migrations (name) values ('M9999Future')");
  await using process = start(backing, 'metrics');
  t.is(await process.ended(), 78, process.output);
  t.regex(process.output, /^The database has been upgraded by a newer version of this program \(M9999Future\)/m);
  t.notRegex(process.output, /\n {4}at /);
  t.is((await database.query("select from mikro_orm_migrations where name = 'M9999Future'")).length, 1);
});

function start(backing: Backing, service: string, environment: Environment = {}): ServiceProcess {
  return new ServiceProcess(service, { ...backing.environmentOf(service), ...environment });
}
