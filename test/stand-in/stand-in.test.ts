import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { OpencodeAgentServer } from '@oio/opencode-gateway';
import { newMessageId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import type { Call } from './call-log.ts';
import type { Fault } from './faults.ts';
import { startStandIn } from './start-stand-in.ts';

const PLACE = { directory: '/project', agent: 'build', model: { providerId: 'stand-in', modelId: 'm' } };
const ONE_TRY = { resilience: { tries: 1 } };
/** For what is never answered: a healthy answer may take longer on a machine that is at work. */
const IMPATIENT = { ...ONE_TRY, readTimeoutMs: 300 };

test('it counts prompts by message id, resumes apart, and knows our session', async (t) => {
  await using standIn = await startStandIn();
  await using agent = new OpencodeAgentServer(standIn);
  const { id } = await agent.createSession({ ...PLACE, title: 'x', metadata: { oioSessionId: 'ours' } });
  const prompt = { ...PLACE, sessionId: id, messageId: newMessageId(), text: 'hello' };
  await agent.prompt(prompt);
  await agent.prompt(prompt);
  await agent.resume(prompt);
  t.deepEqual(standIn.calls.prompts, { [prompt.messageId]: 2 });
  t.deepEqual(standIn.calls.resumes, { [prompt.messageId]: 1 });
  const [create, first] = standIn.calls.calls(0, { reads: false });
  t.like(create, { kind: 'create', sessionId: 'ours', directory: '/project' });
  t.like(first, { kind: 'prompt', sessionId: 'ours', openCodeSessionId: id, messageId: prompt.messageId });
  t.is((await agent.message(prompt, prompt.messageId))?.parts.length, 2, 'the text is doubled, as it really is');
});

test('a provider that refuses some turns answers the next one, and is asked again before that', async (t) => {
  await using standIn = await startStandIn();
  await using agent = new OpencodeAgentServer(standIn);
  const { id } = await agent.createSession({ ...PLACE, title: 'x' });
  const finishes = async (text: string) => {
    const prompt = { ...PLACE, sessionId: id, messageId: newMessageId(), text };
    await agent.prompt(prompt);
    const last = await eventually(async () => {
      const message = (await agent.messages(prompt)).at(-1);
      return message?.parentId === prompt.messageId && message.completedAtMs !== null ? message : null;
    });
    return last.error?.statusCode ?? last.finish;
  };
  t.is(await finishes('[[work status=503 fail=1]]'), 503);
  t.is(await finishes('[[work status=503 fail=1 retry=1 finish=length]]'), 'length');
});

test('children work in sessions of their own', async (t) => {
  await using standIn = await startStandIn();
  await using agent = new OpencodeAgentServer(standIn);
  const { id } = await agent.createSession({ ...PLACE, title: 'x' });
  const prompt = { ...PLACE, sessionId: id, messageId: newMessageId(), text: '[[work hang children=2]]' };
  await agent.prompt(prompt);
  await eventually(async () => (await agent.activities('/project')).size === 3);
  t.is((await agent.children(prompt)).length, 2);
  await agent.abort(prompt);
  t.is((await agent.activities('/project')).size, 2, 'an abort says nothing about them');
  t.is(standIn.turns.mostAtOnce, 3);
});

const ANSWERED_WRONG: readonly (readonly [Fault['kind'], string])[] = [
  ['slow_byte', 'timeout'],
  ['hang', 'timeout'],
  ['empty_200', 'server_error'],
  ['endless_body', 'server_error'],
  ['html', 'server_error'],
  ['wrong_json', 'server_error'],
  ['broken_json', 'server_error'],
  ['storm_500', 'server_error'],
  ['rate_limited', 'rate_limited'],
  ['drop', 'connection'],
];

for (const [kind, code] of ANSWERED_WRONG) {
  test(`the fault ${kind} is met by the calls that match, until it is cleared`, async (t) => {
    await using standIn = await startStandIn();
    await using agent = new OpencodeAgentServer({ ...standIn, ...ONE_TRY });
    // One byte in ten seconds is too slow only for the whole: between bytes there is a wait, too.
    await using met = new OpencodeAgentServer({ ...standIn, ...(code === 'timeout' ? IMPATIENT : ONE_TRY) });
    standIn.setFaults({ kind, match: '^GET /agent' });
    await t.throwsAsync(met.agents('/project'), { code });
    await t.notThrowsAsync(agent.listSessions('/project'));
    standIn.setFaults();
    await t.notThrowsAsync(agent.agents('/project'));
  });
}

test('an answer that is no configuration is not taken for one without a default model', async (t) => {
  await using standIn = await startStandIn();
  await using agent = new OpencodeAgentServer({ ...standIn, ...ONE_TRY });
  t.not((await agent.models('/project')).default, null);
  standIn.setFaults({ kind: 'wrong_json', match: '^GET /config$' });
  await t.throwsAsync(agent.models('/project'), { code: 'server_error' });
});

test('an answer can be lost after the call had its effect', async (t) => {
  await using standIn = await startStandIn();
  await using agent = new OpencodeAgentServer(standIn);
  await using impatient = new OpencodeAgentServer({ ...standIn, ...IMPATIENT });
  // With an open connection the call is out at once, however late its time-out comes.
  await eventually(() => impatient.listSessions('/project'));
  standIn.setFaults({ kind: 'hang', match: 'POST /session$', when: 'after', times: 1 });
  await t.throwsAsync(impatient.createSession({ ...PLACE, title: 'x' }), { code: 'timeout' });
  await eventually(async () => (await agent.listSessions('/project')).length > 0, { what: 'the effect' });
  t.is((await agent.listSessions('/project')).length, 1);
});

test('a call says whether the fault that it met came before its effect or after it', async (t) => {
  await using standIn = await startStandIn();
  await using agent = new OpencodeAgentServer({ ...standIn, ...ONE_TRY });
  const met: object[] = [{ fault: null, faultWhen: null }];
  const creates = () => agent.createSession({ ...PLACE, title: 'x' });
  await creates();
  for (const when of ['before', 'after'] as const) {
    standIn.setFaults({ kind: 'drop', match: 'POST /session$', when });
    await t.throwsAsync(creates(), { code: 'connection' });
    met.push({ fault: 'drop', faultWhen: when });
  }
  standIn.setFaults({ kind: 'stall', times: 1 });
  await creates();
  met.push({ fault: 'stall', faultWhen: 'after' });
  t.like(standIn.calls.calls(0, { reads: false }), met);
});

test('event streams fall silent, and are cut', async (t) => {
  await using standIn = await startStandIn();
  await using agent = new OpencodeAgentServer({ ...standIn, events: { silenceMs: 300, firstDelayMs: 10 } });
  const stop = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const event of agent.events({ signal: stop.signal })) {
      seen.push(event.type === 'disconnected' ? event.error.message : event.type);
    }
  })();
  await eventually(() => seen.includes('resync'));
  standIn.setFaults({ kind: 'silent_events' });
  await eventually(() => seen.includes('The event stream fell silent.'));
  standIn.setFaults();
  const lost = () => seen.filter((what) => what !== 'resync').length;
  await eventually(() => seen.at(-1) === 'resync');
  const before = lost();
  standIn.setFaults({ kind: 'cut_events', forMs: 200 });
  await eventually(() => lost() > before);
  await eventually(() => seen.at(-1) === 'resync');
  stop.abort();
  await t.notThrowsAsync(reading);
});

test('killed in mid-turn it comes back with an interrupted one, and goes on by a resume', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'oio-stand-in-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const state = join(directory, 'state');
  const first = await startProcess(t, state);
  await using agent = new OpencodeAgentServer({ url: first.url, password: 'p' });
  const { id } = await agent.createSession({ ...PLACE, title: 'x' });
  const prompt = { ...PLACE, sessionId: id, messageId: newMessageId(), text: '[[work ms=500 steps=2]]' };
  await agent.prompt(prompt);
  const messagesOf = (server: OpencodeAgentServer) => server.messages(prompt);
  await eventually(async () => (await messagesOf(agent)).length === 3);
  await first.kill();

  const second = await startProcess(t, state);
  await using again = new OpencodeAgentServer({ url: second.url, password: 'p' });
  t.is((await again.activities('/project')).size, 0);
  t.like((await messagesOf(again)).at(-1), { finish: null, error: null, completedAtMs: null });
  await again.resume(prompt);
  const messages = await eventually(async () => {
    const all = await messagesOf(again);
    return all.at(-1)?.finish === 'stop' ? all : null;
  });
  t.is(messages.filter(({ finish }) => finish === 'tool-calls').length, 1, 'a finished step does not come again');
  const authorization = `Basic ${Buffer.from('opencode:p').toString('base64')}`;
  const answer = await fetch(`${second.url}/stand-in/calls`, { headers: { authorization } });
  const report = (await answer.json()) as { readonly calls: readonly Call[]; readonly prompts: object };
  t.deepEqual(report.prompts, { [prompt.messageId]: 1 });
  t.deepEqual(
    report.calls.map(({ kind }) => kind),
    ['create', 'prompt', 'resume'],
  );
});

test('it wants its password, also for what is its own', async (t) => {
  await using standIn = await startStandIn();
  for (const path of ['/global/health', '/stand-in/calls']) t.is((await fetch(standIn.url + path)).status, 401);
  await using stranger = new OpencodeAgentServer({ ...standIn, password: 'guess' });
  await t.throwsAsync(stranger.health(), { code: 'refused_credentials' });
});

async function startProcess(t: { teardown(end: () => Promise<void>): void }, state: string) {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, '--password', 'p', '--state', state], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  t.teardown(kill);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { url: line.replace('opencode server listening on ', ''), kill };
}
