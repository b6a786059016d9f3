import { readdirSync, readFileSync } from 'node:fs';
import type { Failure, ResourceUsage, SessionCommandName } from '@oio/contracts';
import { eventually } from '@oio/runtime/testing';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { findCgroups } from '../../src/cgroups/find-cgroups.ts';
import { dedicatedDirectory } from '../../src/managed-server/dedicated-server.ts';
import { MARKER } from '../../src/managed-server/server-environment.ts';
import type { FakeOwner } from '../support/fake-owner.ts';
import { openGateways } from '../support/gateway-pair.ts';
import { startObedientModel } from '../support/obedient-model.ts';
import { makePlace, optionsFor, startRealServer } from '../support/real-server.ts';

const test = anyTest as TestFn<Awaited<ReturnType<typeof begin>>>;
const { obstacles } = await findCgroups(null);
const canLimit = obstacles.memoryLimitMb === null && obstacles.cpuLimit === null;
const LIMITS = { cpuLimit: 2, memoryLimitMb: 1_200 };

test.before(async (t) => {
  t.context = await begin();
});

test.after.always((t) => t.context[Symbol.asyncDispose]());

type Proof = (t: ExecutionContext, run: Run) => Promise<void>;

/** Where limits cannot be enforced, an order with some is refused with its reason: then that is tested. */
const limited = (title: string, prompt: string, proof: Proof) =>
  test.serial(canLimit ? title : `${title}: refused, for nothing can be limited here`, async (t) => {
    const { server, model, root, repository } = t.context;
    await using gateways = await openGateways(repository);
    await gateways.start({ servers: [server], managed: { directory: root, model, count: 0 } });
    const { owner } = gateways;
    await owner.order(server.id, prompt, { limits: LIMITS });
    if (canLimit) return await proof(t, { owner, directory: dedicatedDirectory(root, owner.sessionId) });
    const [failed] = await reports<{ failure: Failure }>(owner, 'report-failed');
    t.is(failed?.failure.code, 'limit_unenforceable');
  });

limited(
  'an attempt with limits runs on a server of its own, which is gone when it has ended',
  'bash setsid sleep 600 > /dev/null 2>&1 &',
  async (t, run) => {
    const { owner, directory } = run;
    await reports(owner, 'report-completed');
    const [{ resources } = { resources: null }] = payloads<{ resources: ResourceUsage }>(owner, 'report-resources');
    t.true(
      resources !== null && resources.memoryMb > 100 && resources.memoryMb <= LIMITS.memoryLimitMb,
      JSON.stringify(resources),
    );
    t.true((resources?.cpuPercent ?? 0) > 0 && (resources?.diskMb ?? 0) > 0);
    await eventually(() => processesOf(directory).length === 0, { what: 'the end of all processes' });
  },
);

limited(
  'an attempt that wants more memory than it may have ends for that reason',
  `bash ${greedy()}`,
  async (t, run) => {
    const { owner, directory } = run;
    const [{ failure } = { failure: null }] = await reports<{ failure: Failure }>(owner, 'report-failed');
    t.is(failure?.code, 'memory_limit_exceeded', failure?.message);
    t.deepEqual(processesOf(directory), []);
    t.is(owner.reported('report-resources').length, 1);
  },
);

function greedy(): string {
  return `${process.execPath} -e 'const kept = []; for (;;) kept.push(Buffer.alloc(1e7, 1))'`;
}

interface Run {
  readonly owner: FakeOwner;
  /** Of the dedicated server. */
  readonly directory: string;
}

function reports<T>(owner: FakeOwner, name: SessionCommandName): Promise<T[]> {
  const found = () => payloads<T>(owner, name);
  return eventually(() => (found().length > 0 ? found() : null), { what: name, withinMs: 90_000 });
}

function payloads<T>(owner: FakeOwner, name: SessionCommandName): T[] {
  return owner.reported(name).map(({ payload }) => payload as T);
}

/** Those that the server in that directory has started, itself included. */
function processesOf(directory: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${MARKER}=${directory}\0`);
    } catch {
      return false;
    }
  });
}

async function begin() {
  await using stack = new AsyncDisposableStack();
  const { data, root, repository } = stack.use(await makePlace());
  const model = stack.use(await startObedientModel());
  const { server } = stack.use(await startRealServer(optionsFor(model, data)));
  const owned = stack.move();
  const { id, url, password } = server;
  return {
    root,
    repository,
    model,
    server: { id, url, password },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
