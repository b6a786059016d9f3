import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { eventually } from '@oio/runtime/testing';
import {
  countOf,
  directoryOf,
  letToolEnd,
  reaches,
  reachesClosed,
  reachesSecondStep,
  submit,
  toolRuns,
  waitingTools,
} from '../support/sessions.ts';
import { assertUndamaged, busySessions } from '../support/truth.ts';
import { orchestrator, place } from './fixture.ts';

/** A session whose tool runs, and the directory that it runs in. */
async function inTool(more: Record<string, unknown> = {}): Promise<{ id: string; directory: string }> {
  const { id } = await submit(orchestrator, 'wait', more);
  await reachesSecondStep(orchestrator, id);
  const directory = await directoryOf(orchestrator, id);
  await toolRuns(directory);
  return { id, directory };
}

test.serial('stop ends the turn and its shell; the work stays, and retry goes on with it', async (t) => {
  const { id, directory } = await inTool();
  const stopped = await orchestrator.client.stopSession({ id }, { reason: 'no longer wanted' });
  t.like(stopped, { status: 'stopped', recoverable: true });
  await reachesClosed(orchestrator, id);
  const session = await orchestrator.client.getSession({ id });
  t.deepEqual(await busySessions(place, session), []);
  t.deepEqual(waitingTools(directory), []);
  // OpenCode has ended the shell itself.
  const proof = { aborted: [session.attempt?.openCodeSessionId], children: [], readings: 3, processes: [] };
  t.like(session.attempt?.stop, { state: 'proven', failure: null, proof });
  t.is(await countOf(orchestrator, id), 'ran\n');

  await letToolEnd(orchestrator, id);
  await orchestrator.client.retrySession({ id });
  const completed = await reaches(orchestrator, id, 'completed');
  t.is(completed.workspaceInUse?.path, directory);
  t.is(completed.attempt?.number, 2);
  t.is(await countOf(orchestrator, id), 'ran\nran\nwaited\n');
});

test.serial('a session that is stopped as soon as it runs leaves nothing at work', async (t) => {
  const { id } = await submit(orchestrator, 'stall at once');
  await eventually(async () => (await orchestrator.client.getSession({ id })).attempt?.openCodeSessionId, {
    everyMs: 10,
  });
  await orchestrator.client.stopSession({ id });
  await reachesClosed(orchestrator, id);
  const session = await orchestrator.client.getSession({ id });
  t.is(session.status, 'stopped');
  t.deepEqual(await busySessions(place, session), []);
});

test.serial('pause ends the turn, and resume brings it to its end under the same prompt', async (t) => {
  const { id, directory } = await inTool();
  t.is((await orchestrator.client.pauseSession({ id })).status, 'paused');
  await reachesClosed(orchestrator, id);
  t.deepEqual(waitingTools(directory), []);

  await letToolEnd(orchestrator, id);
  await orchestrator.client.resumeSession({ id });
  await reaches(orchestrator, id, 'completed');
  t.is(await countOf(orchestrator, id), 'ran\nwaited\n');
  await assertUndamaged(t, place, orchestrator, id);
});

test.serial('resume may follow pause at once', async (t) => {
  const { id, directory } = await inTool();
  const paused = new Set(waitingTools(directory).map(({ pid }) => pid));
  await orchestrator.client.pauseSession({ id });
  await orchestrator.client.resumeSession({ id });
  // Let go before it is ended, it would leave its line, and its successor another.
  await eventually(() => !waitingTools(directory).some(({ pid }) => paused.has(pid)), { what: 'the end of the tool' });
  await letToolEnd(orchestrator, id);
  await reaches(orchestrator, id, 'completed');
  t.is(await countOf(orchestrator, id), 'ran\nwaited\n');
  await assertUndamaged(t, place, orchestrator, id);
});

test.serial('a paused session can be cancelled, and a cancelled one never goes on', async (t) => {
  const { id } = await inTool();
  await orchestrator.client.pauseSession({ id });
  t.is((await orchestrator.client.cancelSession({ id })).status, 'cancelled');
  await reachesClosed(orchestrator, id);
  await t.throwsAsync(orchestrator.client.retrySession({ id }), { message: /cancelled/ });
});

test.serial('a session that is not to start waits for start; cancelled before it never runs', async (t) => {
  const [first, second] = [
    await submit(orchestrator, 'nothing', { start: false }),
    await submit(orchestrator, 'short', { start: false }),
  ];
  t.deepEqual([first.status, second.status], ['pending', 'pending']);
  t.is((await orchestrator.client.cancelSession({ id: first.id })).attempt, null);
  await orchestrator.client.startSession({ id: second.id });
  await reaches(orchestrator, second.id, 'completed');
  t.is((await orchestrator.client.getSession({ id: first.id })).attempt, null);
});

test.serial('checkpoints are made for each step and on request, each with a commit of the files', async (t) => {
  const { id, directory } = await inTool();
  const { workspaceInUse } = await orchestrator.client.getSession({ id });
  await writeFile(join(directory, 'half.txt'), 'half\n');
  await orchestrator.client.checkpointSession({ id }, { data: { note: 'by hand' } });
  const { checkpoints } = await orchestrator.client.getCheckpoints({ id });
  t.deepEqual(
    checkpoints.map(({ sequence, origin }) => [sequence, origin]),
    [
      [1, 'prepared'],
      [2, 'step'],
      [3, 'request'],
    ],
  );
  const [first, step, requested] = checkpoints.map(({ resume }) => resume.fileSnapshot ?? '');
  t.is(first, workspaceInUse?.baseRevision ?? undefined);
  t.is(place.git('ls-tree', '--name-only', '-r', `${step}`).includes('count.txt'), true);
  t.is(place.git('show', `${requested}:half.txt`), 'half\n');
  t.is(place.git('branch', '--contains', `${requested}`), '', 'no branch holds it');
  t.truthy(checkpoints[1]?.resume.lastMessageId);
  t.is(checkpoints[2]?.resume.lastMessageId, checkpoints[1]?.resume.lastMessageId);
  await orchestrator.client.stopSession({ id });
  await reachesClosed(orchestrator, id);
});

test.serial('a paused session takes a checkpoint of what its files have become meanwhile', async (t) => {
  const { id, directory } = await inTool();
  await orchestrator.client.pauseSession({ id });
  await reachesClosed(orchestrator, id);
  await writeFile(join(directory, 'meanwhile.txt'), 'by hand\n');
  await orchestrator.client.checkpointSession({ id }, {});
  const { checkpoints } = await orchestrator.client.getCheckpoints({ id });
  t.is(place.git('show', `${checkpoints.at(-1)?.resume.fileSnapshot}:meanwhile.txt`), 'by hand\n');
  await orchestrator.client.cancelSession({ id });
});

test.serial('a directory without git is worked on in place, by one session at a time', async (t) => {
  const first = await inTool({ directory: place.plain });
  t.is(first.directory, place.plain);
  const second = await submit(orchestrator, 'short', { directory: place.plain });
  t.is(second.workspace, 'in_place');
  const elsewhere = await submit(orchestrator, 'short');
  await reaches(orchestrator, elsewhere.id, 'completed');
  t.is((await orchestrator.client.getSession({ id: second.id })).status, 'queued');

  await letToolEnd(orchestrator, first.id);
  await reaches(orchestrator, first.id, 'completed');
  await reaches(orchestrator, second.id, 'completed');
  t.is(await countOf(orchestrator, second.id), 'ran\nwaited\nran\n');
  t.deepEqual(await orchestrator.client.getDiff({ id: second.id }), { diff: null });
  const { checkpoints } = await orchestrator.client.getCheckpoints({ id: second.id });
  t.deepEqual(new Set(checkpoints.map(({ resume }) => resume.fileSnapshot)), new Set([null]));
});

test.serial('a worktree goes when nothing was changed in it, and stays with a commit when something was', async (t) => {
  const [idle, busy] = [await submit(orchestrator, 'nothing'), await submit(orchestrator, 'short')];
  await Promise.all([idle, busy].map(({ id }) => reaches(orchestrator, id, 'completed')));
  const [without, changed] = await Promise.all([idle, busy].map(({ id }) => orchestrator.client.getSession({ id })));
  await eventually(() => !existsSync(without?.workspaceInUse?.root ?? ''), { what: 'the worktree to go' });
  t.false(place.git('branch', '--list').includes(without?.workspaceInUse?.branch ?? '?'));
  t.true(existsSync(changed?.workspaceInUse?.root ?? ''));
  t.is(place.git('show', `${changed?.commit}:count.txt`), 'ran\n');
  t.is(place.git('status', '--porcelain'), '');
});
