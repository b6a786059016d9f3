import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, InvalidError } from '@oio/errors';
import { eventually } from '@oio/runtime/testing';
import { createGate, type Gate, openCodeProvider, type ScriptedModel, startScriptedModel } from '@oio/scripted-model';
import anyTest, { type TestFn } from 'ava';
import { startSystem, type System } from './support/system.ts';

const test = anyTest as TestFn<{ system: System; model: ScriptedModel; gate: Gate; stack: AsyncDisposableStack }>;

/** What the stand-in offers, and a server of a session's own must have too. */
const MODEL = 'stand-in/m';

test.before(async (t) => {
  const stack = new AsyncDisposableStack();
  const gate = createGate();
  const held = { kind: 'stall', gate, after: 'Thinking', answer: { text: 'Done.' } } as const;
  const scripts = [{ name: 'held', matches: () => true, steps: [{ fault: held }] }];
  const model = stack.use(await startScriptedModel({ scripts, tokenDelayMs: 0 }));
  const system = stack.use(await startSystem({ OIO_PROVIDERS: JSON.stringify(providersOf(model)) }));
  const git = (...args: string[]) => execFileSync('git', ['-C', system.directory, ...AS_SOMEBODY, ...args]);
  git('init', '--quiet');
  git('commit', '--quiet', '--allow-empty', '--message', 'begin');
  t.context = { system, model, gate, stack };
});
test.after.always((t) => t.context.stack?.disposeAsync());

for (const [where, match] of [
  ['when OpenCode has copied the conversation', 'POST /session/[^/]+/fork'],
  ['when the copy is marked as its own', 'PATCH /session/'],
  ['when the copy is moved into its worktree', 'POST /experimental/control-plane/move-session'],
] as const) {
  test.serial(`a fork goes on although its opencode-gateway was killed ${where}`, async (t) => {
    const { system } = t.context;
    const source = await completed(system, (await submit(system, 'Work. [[work steps=2]]')).id);
    const { checkpoints } = await system.client.getCheckpoints({ id: source.id });
    const checkpoint = checkpoints.at(-1)?.sequence ?? 0;
    const conversation = source.attempt?.openCodeSessionId ?? '';
    const said = await messagesOf(system, conversation);
    const before = new Set(Object.keys(system.standIn().calls.prompts));
    const calls = system.standIn().calls.calls(0, { reads: false }).length;
    system.standIn().setFaults({ kind: 'hang', match, when: 'after', times: 1 });
    const fork = await system.client.forkSession({ id: source.id }, { checkpoint, prompt: 'Go on.' });
    const isHeld = () =>
      system
        .standIn()
        .calls.calls(0, { reads: false })
        .slice(calls)
        .some(({ fault }) => fault === 'hang');
    await eventually(isHeld, { what: 'the call', withinMs: 20_000 });
    await system.kill('opencode-gateway');
    system.standIn().setFaults();
    await system.start('opencode-gateway');
    const { attempt, forkedFrom } = await completed(system, fork.id);
    t.is(forkedFrom?.sessionId, source.id);
    const prompts = Object.entries(system.standIn().calls.prompts).filter(([id]) => !before.has(id));
    t.deepEqual(
      prompts.map(([, count]) => count),
      [1],
    );
    t.true(
      (await messagesOf(system, attempt?.openCodeSessionId ?? '')).includes('[[work steps=2]]'),
      'it knows what was said',
    );
    t.is(await messagesOf(system, conversation), said, 'the source is as it was');
  });
}

test.serial(
  'a turn on a server of its own outlives its opencode-gateway: the next one adopts it, and its data go when the session is over',
  async (t) => {
    const { system, model, gate } = t.context;
    const submitted = await submit(system, 'Think.', { cpuLimit: 2, memoryLimitMb: 1_500 }).catch(
      (error: unknown) => error,
    );
    // Where nothing can be limited, that is said and nothing begun.
    if (submitted instanceof AppError) return t.true(refusesLimits(submitted), submitted.message);
    const { id } = submitted as { id: string };
    const directory = join(system.serverDirectory, 'dedicated', id);
    using ending = new DisposableStack();
    ending.defer(() => end(directory));
    await eventually(() => model.requests.length > 0, { what: 'the turn', withinMs: 90_000 });
    const pid = pidIn(directory);
    await system.kill('opencode-gateway');
    await system.start('opencode-gateway');
    const adopts = () => system.lines('opencode-gateway').find(({ msg }) => msg === 'dedicated opencode server up');
    t.like(await eventually(adopts, { what: 'the adoption', withinMs: 30_000 }), { sessionId: id, pid, adopted: true });
    gate.release();
    t.like((await completed(system, id)).metrics.result, { text: 'ThinkingDone.' });
    t.is(model.requests.length, 1, 'the model was asked once');
    await eventually(() => !existsSync(directory), { what: 'the end of its data', withinMs: 20_000 });
    await eventually(() => !isThere(pid), { what: 'the end of its server' });
  },
);

function submit({ client, directory }: System, prompt: string, more = {}) {
  return client.createSession({ title: 'Work on it', prompt, model: MODEL, directory, ...more });
}

async function completed({ client }: System, id: string) {
  const session = await client.ended(id, { signal: AbortSignal.timeout(60_000) });
  if (session.status !== 'completed') throw new Error(`${session.status}: ${session.failure?.message}`);
  return session;
}

const AS_SOMEBODY = ['-c', 'user.name=t', '-c', 'user.email=t@t'];

/** Of a conversation on the stand-in, as they are answered. */
async function messagesOf(system: System, openCodeSessionId: string): Promise<string> {
  const { url, password } = system.standIn();
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`;
  return (await fetch(`${url}/session/${openCodeSessionId}/message`, { headers: { authorization } })).text();
}

function providersOf(model: ScriptedModel): Record<string, unknown> {
  const [provider] = Object.values(openCodeProvider(model).provider) as { models: Record<string, unknown> }[];
  const [providerId = '', modelId = ''] = MODEL.split('/');
  return { [providerId]: { ...provider, models: { [modelId]: Object.values(provider?.models ?? {})[0] } } };
}

function refusesLimits(error: AppError): boolean {
  return error instanceof InvalidError && error.violations.every(({ code }) => code === 'unenforceable');
}

function pidIn(directory: string): number {
  const state = JSON.parse(readFileSync(join(directory, 'server.json'), 'utf8')) as { server: { pid: number } };
  return state.server.pid;
}

/** Also while nobody has asked yet how it ended. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A server that outlives the gateways would outlive the test, too. */
function end(directory: string): void {
  try {
    process.kill(pidIn(directory), 'SIGKILL');
  } catch {
    // It is gone, as it should be.
  }
}
