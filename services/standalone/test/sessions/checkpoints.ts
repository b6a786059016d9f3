import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import {
  countOf,
  directoryOf,
  letToolEnd,
  reaches,
  reachesClosed,
  reachesSecondStep,
  submit,
  toolRuns,
} from '../support/sessions.ts';
import { openCodeMessages } from '../support/truth.ts';
import { orchestrator, place } from './fixture.ts';

/** A session that was stopped in its second step, with a file that came after the checkpoint of the first. */
async function stoppedInTool(): Promise<{ id: string; directory: string }> {
  const { id } = await submit(orchestrator, 'wait');
  await reachesSecondStep(orchestrator, id);
  const directory = await directoryOf(orchestrator, id);
  await toolRuns(directory);
  await orchestrator.client.stopSession({ id });
  await reachesClosed(orchestrator, id);
  await writeFile(join(directory, 'later.txt'), 'later\n');
  return { id, directory };
}

function isReverted(id: string) {
  const state = async () => (await orchestrator.client.getSession({ id })).revert?.state === 'done';
  return eventually(state, { withinMs: 60_000, what: `session ${id} to be taken back` });
}

test.serial(
  'a session is taken back to a checkpoint, and its next attempt knows nothing of what came later',
  async (t) => {
    const { id, directory } = await stoppedInTool();
    const before = await orchestrator.client.getSession({ id });
    const [, step] = (await orchestrator.client.getCheckpoints({ id })).checkpoints;
    await orchestrator.client.revertSession({ id }, { checkpoint: step?.sequence ?? 0 });
    await isReverted(id);
    t.false(existsSync(join(directory, 'later.txt')));
    t.is(await countOf(orchestrator, id), 'ran\n');

    const { checkpoints } = await orchestrator.client.getCheckpoints({ id });
    t.deepEqual(
      checkpoints.slice(-2).map(({ origin }) => origin),
      ['request', 'revert'],
    );
    t.is(
      place.git('show', `${checkpoints.at(-2)?.resume.fileSnapshot}:later.txt`),
      'later\n',
      'what it was before is kept',
    );
    t.is(checkpoints.at(-1)?.resume.fileSnapshot, step?.resume.fileSnapshot);

    await letToolEnd(orchestrator, id);
    await orchestrator.client.retrySession({ id });
    const completed = await reaches(orchestrator, id, 'completed');
    t.not(completed.attempt?.openCodeSessionId, before.attempt?.openCodeSessionId);
    const conversation = await openCodeMessages(place, completed);
    const own = conversation.findIndex(({ info }) => info.id === completed.attempt?.messageId);
    t.is(own, 2, 'the first prompt, its first step, and then the new prompt');
    t.regex(JSON.stringify(conversation[own]), /taken? the work back to checkpoint|took the work back to checkpoint/);
    t.is((await openCodeMessages(place, before)).length, 3, 'the old conversation is kept');
  },
);

test.serial(
  'a repeated order has no second effect, and one to a checkpoint that is not there is refused',
  async (t) => {
    const { id } = await stoppedInTool();
    await t.throwsAsync(orchestrator.client.revertSession({ id }, { checkpoint: 99 }), { message: /no checkpoint 99/ });
    const key = { idempotencyKey: `revert-${id}` };
    await Promise.all([1, 2, 3].map(() => orchestrator.client.revertSession({ id }, { checkpoint: 2 }, key)));
    await isReverted(id);
    const { events } = await orchestrator.client.getHistory({ id, limit: 200 });
    t.is(events.filter(({ type }) => type === 'session.reverted').length, 1);
  },
);

test.serial('an order that was accepted is carried out although everything of ours was killed meanwhile', async (t) => {
  const { id, directory } = await stoppedInTool();
  await orchestrator.client.revertSession({ id }, { checkpoint: 2 });
  await orchestrator.kill();
  await orchestrator.startAgain();
  await isReverted(id);
  t.false(existsSync(join(directory, 'later.txt')));
  const { events } = await orchestrator.client.getHistory({ id, limit: 200 });
  t.is(events.filter(({ type }) => type === 'session.reverted').length, 1);
});

test.serial(
  'a fork goes on from a checkpoint while the source runs, in a worktree and a conversation of its own',
  async (t) => {
    const { id } = await submit(orchestrator, 'wait');
    await reachesSecondStep(orchestrator, id);
    const directory = await directoryOf(orchestrator, id);
    await toolRuns(directory);
    await writeFile(join(directory, 'later.txt'), 'later\n');
    const key = { idempotencyKey: `fork-${id}` };
    const [fork, again] = await Promise.all(
      [1, 2].map(() => orchestrator.client.forkSession({ id }, { checkpoint: 2, prompt: 'do something short' }, key)),
    );
    t.is(again?.id, fork?.id);
    // The scripted model goes by all prompts of a conversation, so that it waits here as well.
    const own = fork?.id ?? '';
    await reachesSecondStep(orchestrator, own);
    await letToolEnd(orchestrator, own);
    const forked = await reaches(orchestrator, own, 'completed');
    t.deepEqual(forked.forkedFrom, { sessionId: id, checkpoint: 2 });
    t.not(forked.workspaceInUse?.path, directory);
    t.is(await countOf(orchestrator, forked.id), 'ran\nran\nwaited\n', 'what was done before, and its own steps');
    t.false(existsSync(join(forked.workspaceInUse?.path ?? '', 'later.txt')));
    const conversation = await openCodeMessages(place, forked);
    t.deepEqual(
      conversation.map(({ info }) => info.role),
      ['user', 'assistant', 'user', 'assistant', 'assistant', 'assistant'],
    );
    t.regex(JSON.stringify(conversation[2]), /You work on a copy now/);
    t.is(conversation.filter(({ info }) => info.role === 'user').length, 2);

    t.is(await countOf(orchestrator, id), 'ran\n', 'the source is untouched');
    await letToolEnd(orchestrator, id);
    t.is((await reaches(orchestrator, id, 'completed')).attempt?.number, 1);
    t.is(await countOf(orchestrator, id), 'ran\nwaited\n');
  },
);

test.serial(
  'a completed session is forked from its last checkpoint; one without files, or unknown, is refused',
  async (t) => {
    const { id } = await submit(orchestrator, 'short');
    const { checkpoints } = await reaches(orchestrator, id, 'completed');
    const checkpoint = checkpoints.at(-1)?.sequence ?? 0;
    const fork = await orchestrator.client.forkSession({ id }, { checkpoint, prompt: 'nothing', title: 'Look at it' });
    await reaches(orchestrator, fork.id, 'completed');
    const unknown = orchestrator.client.forkSession({ id }, { checkpoint: 99, prompt: 'nothing' });
    await t.throwsAsync(unknown, { code: 'invalid' });
    const directory = await mkdtemp(join(place.plain, 'without-files-'));
    const plain = await submit(orchestrator, 'short', { directory });
    await reaches(orchestrator, plain.id, 'completed');
    const without = orchestrator.client.forkSession({ id: plain.id }, { checkpoint: 1, prompt: 'nothing' });
    const refused = await t.throwsAsync(without);
    t.regex(JSON.stringify((refused as { violations?: unknown } | undefined)?.violations), /holds no files/);
  },
);
