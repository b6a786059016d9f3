import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@oio/runtime/testing';
import { createClient } from '@oio/sdk';
import anyTest, { type TestFn } from 'ava';
import { type StandIn, startStandIn } from '../stand-in/start-stand-in.ts';
import { API_KEY, type Backing, startBacking } from './support/backing.ts';
import { type Environment, ServiceProcess } from './support/service-process.ts';

const test = anyTest as TestFn<{ backing: Backing; standIn: StandIn; stack: AsyncDisposableStack }>;
/** Those who need others come first: the order does not matter. */
const ORDER = ['http-gateway', 'metrics', 'scheduler', 'opencode-gateway', 'session-actor'];

test.before(async (t) => {
  const stack = new AsyncDisposableStack();
  t.context.stack = stack;
  t.context.backing = stack.use(await startBacking());
  t.context.standIn = stack.use(await startStandIn());
});
test.after.always((t) => t.context.stack.disposeAsync());

test('a session lives its whole life over HTTP, through five processes, and all of them stop in time', async (t) => {
  const { backing, standIn } = t.context;
  await using stack = new AsyncDisposableStack();
  const processes = ORDER.map((service) => stack.use(start(backing, service, serversOf(standIn))));
  await Promise.all(processes.map((process) => process.ready()));
  const url = String((await processes[0]?.said('http-gateway started'))?.['url']);
  const client = stack.use(createClient({ url, apiKey: API_KEY }));
  const directory = join(backing.directory, 'project');
  await mkdir(directory);

  const { id } = await client.createSession({
    title: 'Sum the list',
    prompt: 'Sum the list. [[work ms=300 steps=3]]',
    model: 'stand-in/m',
    directory,
  });
  const { promptId } = await client.queuePrompt({ id }, { prompt: 'Now test it. [[work ms=100 steps=1]]' });
  const { status, metrics, prompts } = await client.ended(id);
  t.is(status, 'completed');
  t.like(prompts, [{ id: promptId, state: 'succeeded', attempt: 2 }]);
  t.true(metrics.checkpointCount >= 3);
  const { events } = await client.getHistory({ id });
  t.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
  );
  t.is(events.at(0)?.type, 'session.created');
  t.deepEqual(Object.values(standIn.calls.prompts), [1, 1]);
  t.deepEqual(await dependenciesAt(url), ['postgres ok', 'nats ok', 'redis ok']);
  const isCounted = async (): Promise<boolean> =>
    /^oio_sessions\{status="completed"\} 1$/m.test(await client.metrics());
  t.true(await eventually(isCounted, { everyMs: 50, what: 'the session in the metrics' }));

  for (const process of processes) process.signal('SIGTERM');
  const codes = await Promise.all(processes.map((process) => process.ended()));
  t.deepEqual(codes, [0, 0, 0, 0, 0], processes.map(({ output }) => output).join('\n'));
  for (const { lines } of processes)
    t.deepEqual(
      lines.filter(({ level }) => Number(level) >= 50),
      [],
    );
});

/** As the API shows them to whoever may read. */
async function dependenciesAt(url: string): Promise<readonly string[]> {
  const response = await fetch(`${url}/health/ready`, { headers: { Authorization: `Bearer ${API_KEY}` } });
  const { dependencies } = (await response.json()) as { dependencies: readonly { name: string; state: string }[] };
  return dependencies.map(({ name, state }) => `${name} ${state}`);
}

function start(backing: Backing, service: string, environment: Environment): ServiceProcess {
  return new ServiceProcess(service, { ...backing.environmentOf(service), ...environment });
}

function serversOf({ url, password }: StandIn): Environment {
  return { OPENCODE_SERVERS: JSON.stringify([{ id: 'stand-in', url, password, capacity: 4 }]) };
}
