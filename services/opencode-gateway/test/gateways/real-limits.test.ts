import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Failure, ForkedFrom, ResourceUsage, ResumePoint, SessionCommandName } from '@oio/contracts';
import { eventually } from '@oio/runtime/testing';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { findCgroups } from '../../src/cgroups/find-cgroups.ts';
import { dedicatedDirectory } from '../../src/managed-server/dedicated-server.ts';
import { MARKER } from '../../src/managed-server/server-environment.ts';
import type { ModelRequest } from '../support/fake-model.ts';
import type { FakeOwner } from '../support/fake-owner.ts';
import { openGateways } from '../support/gateway-pair.ts';
import { startObedientModel } from '../support/obedient-model.ts';
import { makePlace } from '../support/real-server.ts';
import { startStandInProcess } from '../support/stand-in-process.ts';

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
    await using gateways = await begun(t.context);
    const { owner, server, root } = gateways;
    await owner.order(server.id, prompt, { limits: LIMITS });
    const directory = dedicatedDirectory(root, owner.sessionId);
    if (canLimit) return await proof(t, { ...t.context, owner, directory });
    const [failed] = await reports<{ failure: Failure }>(owner, 'report-failed');
    t.is(failed?.failure.code, 'limit_unenforceable');
  });

limited(
  'an attempt with limits runs on a server of its own, which is gone when it has ended; a fork has its conversation, also when the data of that are cleared away',
  'bash setsid sleep 600 > /dev/null 2>&1 &',
  async (t, run) => {
    const { owner, directory } = run;
    const source = await forkOf(owner);
    const [{ resources } = { resources: null }] = payloads<{ resources: ResourceUsage }>(owner, 'report-resources');
    t.true(
      resources !== null && resources.memoryMb > 100 && resources.memoryMb <= LIMITS.memoryLimitMb,
      JSON.stringify(resources),
    );
    t.true((resources?.cpuPercent ?? 0) > 0 && (resources?.diskMb ?? 0) > 0);
    await eventually(() => processesOf(directory).length === 0, { what: 'the end of all processes' });
    await forked(t, run, source);
    t.true(existsSync(directory), 'the source is left as it is');
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

/** Two forks: of a session whose data are there, and of one whose data were cleared away. */
async function forked(t: ExecutionContext, context: Context, source: ForkedFrom): Promise<void> {
  const { server, model, root } = context;
  await using gateways = await begun(context);
  const { owner: fork, database } = gateways;
  // The model goes by the first word, which tells of the copy, and says `done`.
  await fork.order(server.id, 'Count on.', { limits: LIMITS, forkedFrom: source });
  const point = await forkOf(fork);
  t.deepEqual(answersTo(model.requests.at(-1)), ['', 'done'], 'the call of the tool, and the end');
  t.deepEqual(questionsIn(model.requests.at(-1)), 2);
  await database.query(`update sessions set status = 'completed', attempt_open = false`);
  const its = dedicatedDirectory(root, fork.sessionId);
  await eventually(() => !existsSync(its), { what: 'the data to be cleared away', withinMs: 30_000 });
  await using later = await begun(context);
  await later.owner.order(server.id, 'Count on.', { limits: LIMITS, forkedFrom: point });
  await forkOf(later.owner);
  t.deepEqual(answersTo(model.requests.at(-1)), ['', 'done', 'done']);
}

/** The end of a session, as a fork of it is told. */
async function forkOf(owner: FakeOwner): Promise<ForkedFrom> {
  const [{ resume } = { resume: null }] = await reports<{ resume: ResumePoint | null }>(owner, 'report-completed');
  if (!resume) throw new Error('The session has no conversation.');
  const { openCodeSessionId, lastMessageId, todos } = resume;
  const directory = owner.directory;
  return {
    sessionId: owner.sessionId,
    checkpoint: 1,
    directory,
    prompt: 'Say.',
    openCodeSessionId,
    lastMessageId,
    todos,
  };
}

function answersTo(request: ModelRequest | undefined): unknown[] {
  return (request?.messages ?? []).filter(({ role }) => role === 'assistant').map(({ content }) => content);
}

function questionsIn(request: ModelRequest | undefined): number {
  return (request?.messages ?? []).filter(({ role }) => role === 'user').length;
}

function greedy(): string {
  return `${process.execPath} -e 'const kept = []; for (;;) kept.push(Buffer.alloc(1e7, 1))'`;
}

type Context = Awaited<ReturnType<typeof begin>>;

interface Run extends Context {
  readonly owner: FakeOwner;
  /** Of the dedicated server. */
  readonly directory: string;
}

/** A gateway and an owner with a session, on a database of their own. */
async function begun({ server, model, root, repository }: Context) {
  const gateways = await openGateways(repository);
  // What the shared server offers is chosen from, so the model is called as there.
  const managed = { directory: root, model, provider: 'stand-in', count: 0 };
  await gateways.start({ servers: [server], managed });
  return { ...gateways, server, root };
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
  const { root, repository } = stack.use(await makePlace());
  const model = stack.use(await startObedientModel());
  // The orders go by way of it, and nothing runs on it: that is what is proven.
  const { url, password } = stack.use(await startStandInProcess());
  const owned = stack.move();
  return {
    root,
    repository,
    model,
    server: { id: 'shared', url, password },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
