import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionDetail, SessionView } from '@oio/contracts';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { processesOf } from '../support/processes.ts';
import { directoryOf, reaches, reachesClosed, submit, toolRuns } from '../support/sessions.ts';
import { openCodeMessages } from '../support/truth.ts';
import { model, orchestrator, place } from './fixture.ts';

async function submitAll(first: string, ...further: string[]): Promise<{ id: string; promptIds: string[] }> {
  return submitWith({}, first, ...further);
}

async function submitWith(limits: { cpuLimit?: number; memoryLimitMb?: number }, first: string, ...further: string[]) {
  const { id } = await submit(orchestrator, first, limits);
  const promptIds: string[] = [];
  for (const prompt of further) promptIds.push((await orchestrator.client.queuePrompt({ id }, { prompt })).promptId);
  return { id, promptIds };
}

async function orderOf(id: string): Promise<string[]> {
  const text = await readFile(join(await directoryOf(orchestrator, id), 'order.txt'), 'utf8');
  return text.trim().split('\n');
}

/** The texts of the prompts in OpenCode, one list of texts for each message. */
async function promptsIn(session: SessionView): Promise<(string | undefined)[][]> {
  const messages = await openCodeMessages(place, session);
  const texts = messages.map(({ parts }) => parts.filter(({ type }) => type === 'text').map(({ text }) => text));
  return texts.filter((_, index) => messages[index]?.info.role === 'user');
}

function statesOf({ prompts }: SessionDetail): string[] {
  return prompts.map(({ state }) => state);
}

test.serial(
  'further prompts run in order in one conversation; one that fails is retried before the next',
  async (t) => {
    const { id, promptIds } = await submitAll('first', 'flaky', 'second');
    const session = await reaches(orchestrator, id, 'completed');
    t.deepEqual(await orderOf(id), ['first', 'flaky', 'second']);
    t.deepEqual(
      session.prompts.map(({ id: promptId, state, attempt }) => [promptId, state, attempt]),
      [
        [promptIds[0], 'succeeded', 2],
        [promptIds[1], 'succeeded', 4],
      ],
    );
    t.is(session.metrics.retries, 1);
    const [first, flaky, again, second, ...others] = await promptsIn(session);
    t.deepEqual([first, flaky, second, others], [['first'], ['flaky'], ['second'], []]);
    t.regex(again?.join() ?? '', /The attempt before this one ended early[^]*flaky$/);
    t.is(place.git('show', `${session.commit}:order.txt`), 'first\nflaky\nsecond\n');
    t.is(place.git('show', `${session.prompts[0]?.commit}:order.txt`), 'first\nflaky\n');
    const spent = session.prompts.map(({ usage }) => usage?.tokens.input ?? 0);
    t.true(spent.every((tokens) => tokens > 0));
    t.true(spent.reduce((all, tokens) => all + tokens, 0) < session.metrics.tokens.input);
  },
);

test.serial('a session that has changed nothing yet keeps its worktree for the prompts that wait', async (t) => {
  await appendFile(join(place.repository, '.git/info/exclude'), '*.log\n');
  const { id } = await submitAll('build', 'look');
  await reaches(orchestrator, id, 'completed');
  t.deepEqual(await orderOf(id), ['built']);
});

test.serial(
  'killed right when a further prompt begins, each prompt stands once and nothing is done twice',
  async (t) => {
    const { id } = await submitAll('first', 'second', 'third');
    for (const attempt of [2, 3]) {
      await begins(id, attempt);
      await orchestrator.kill();
      await orchestrator.startAgain();
    }
    const session = await reaches(orchestrator, id, 'completed');
    t.deepEqual(statesOf(session), ['succeeded', 'succeeded']);
    t.deepEqual(await orderOf(id), ['first', 'second', 'third']);
    t.deepEqual(await promptsIn(session), [['first'], ['second'], ['third']]);
    t.is(session.attempt?.number, 3);
  },
);

test.serial('under limits each prompt runs on a server of its own, and all of them in one conversation', async (t) => {
  const limits = { cpuLimit: 2, memoryLimitMb: 1_500 };
  const submitted = await submitWith(limits, 'first', 'second').catch((error: unknown) => error as Error);
  // Where nothing can be limited, that is said and nothing begun.
  if (submitted instanceof Error) return t.regex(JSON.stringify(submitted), /unenforceable/);
  const { id } = submitted;
  const session = await reaches(orchestrator, id, 'completed');
  t.deepEqual(statesOf(session), ['succeeded']);
  t.is(session.attempt?.number, 2);
  t.deepEqual(await orderOf(id), ['first', 'second']);
  const own = model.requests.filter(
    ({ conversation }) => conversation.sessionId === session.attempt?.openCodeSessionId,
  );
  t.deepEqual(own.at(-1)?.conversation.prompts, ['first', 'second']);
  const { events } = await orchestrator.client.getHistory({ id, limit: 200 });
  const told = events.filter(({ type }) => type === 'session.resources-measured');
  t.is(told.length, 2, 'each of its servers was measured');
  await eventually(() => processesOf(join(place.data, 'opencode', 'dedicated', id)).length === 0, {
    what: 'the end of the last of its servers',
  });
});

/** Resolves as soon as it is told that a prompt has begun in this attempt. */
async function begins(id: string, attempt: number): Promise<void> {
  for await (const message of orchestrator.client.stream(id)) {
    const { type, data } = message.kind === 'history' ? message.event : { type: '', data: null };
    if (type === 'session.prompt-started' && (data as { attempt: number }).attempt === attempt) return;
  }
}

test.serial(
  'taken back and forked in the midst of its prompts, it repeats the present one and goes on with the rest',
  async (t) => {
    const { id } = await submitAll('first', 'hold', 'second', 'never');
    const directory = await heldIn(id);
    await orchestrator.client.stopSession({ id });
    await reachesClosed(orchestrator, id);
    const stopped = await orchestrator.client.getSession({ id });
    t.deepEqual(statesOf(stopped), ['cancelled', 'queued', 'queued']);
    await t.throwsAsync(orchestrator.client.queuePrompt({ id }, { prompt: 'more' }), { message: /retry it first/ });
    await orchestrator.client.removePrompt({ id, promptId: stopped.prompts[2]?.id ?? '' });
    // Made before the prompt that was stopped.
    const checkpoint = stopped.checkpoints.findLast(({ origin, attempt }) => origin === 'prepared' && attempt === 2);
    t.truthy(checkpoint);
    const sequence = checkpoint?.sequence ?? 0;

    const fork = await orchestrator.client.forkSession({ id }, { checkpoint: sequence, prompt: 'third' });
    t.deepEqual(fork.prompts, []);
    await reaches(orchestrator, fork.id, 'completed');
    t.deepEqual(await orderOf(fork.id), ['first', 'third']);

    await orchestrator.client.revertSession({ id }, { checkpoint: sequence });
    await eventually(async () => (await orchestrator.client.getSession({ id })).revert?.state === 'done', {
      withinMs: 60_000,
      what: 'the session to be taken back',
    });
    t.deepEqual(await orderOf(id), ['first']);
    await writeFile(join(directory, 'go'), '');
    await orchestrator.client.retrySession({ id });
    const session = await reaches(orchestrator, id, 'completed');
    t.deepEqual(await orderOf(id), ['first', 'hold', 'second']);
    t.deepEqual(statesOf(session), ['succeeded', 'succeeded', 'cancelled']);
    const [first, hold, second, ...others] = await promptsIn(session);
    t.deepEqual([first, second, others], [['first'], ['second'], []]);
    t.regex(hold?.join() ?? '', /took the work back to checkpoint[^]*hold$/);
  },
);

/** Resolves when the prompt that holds is at work, with the directory. */
async function heldIn(id: string): Promise<string> {
  await begins(id, 2);
  const directory = await directoryOf(orchestrator, id);
  await toolRuns(directory);
  return directory;
}
