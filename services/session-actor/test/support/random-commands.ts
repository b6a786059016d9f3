import type { CommandReply } from '@oio/contracts';
import { randomUUID } from 'node:crypto';
import { failureOf } from '@oio/domain';
import { completedReport, RESUME, step, WORKSPACE } from './reports.ts';
import { SERVER, type World } from './world.ts';

/** Numbers in [0, 1) that the seed determines. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Send = (world: World, sessionId: string, id: string, token: string) => Promise<CommandReply>;

const COMMANDS: readonly Send[] = [
  (world, sessionId, id) => world.send(sessionId, 'dispatch', { serverId: SERVER, schedulerEpoch: 1 }, { id }),
  (world, sessionId, id) => world.send(sessionId, 'dispatch', { serverId: SERVER, schedulerEpoch: 1 }, { id }),
  (world, sessionId, id) => world.send(sessionId, 'dispatch', { serverId: SERVER, schedulerEpoch: 0 }, { id }),
  (world, sessionId, id) => world.order(sessionId, 'prompt', { prompt: `And then ${id}.` }, { id }),
  (world, sessionId, id) => world.order(sessionId, 'checkpoint', { data: { id } }, { id }),
  (world, sessionId, id) => world.order(sessionId, 'pause', {}, { id }),
  (world, sessionId, id) => world.order(sessionId, 'resume', {}, { id }),
  (world, sessionId, id) => world.order(sessionId, 'stop', { reason: 'Because.' }, { id }),
  (world, sessionId, id) => world.order(sessionId, 'retry', {}, { id }),
  (world, sessionId, id) => world.order(sessionId, 'retry', {}, { id }),
  (world, sessionId, id, token) =>
    world.send(sessionId, 'report-prepared', { token, workspace: WORKSPACE, resume: RESUME }, { id }),
  (world, sessionId, id, token) =>
    world.send(sessionId, 'report-step', { token, step: step(id), resume: RESUME }, { id }),
  (world, sessionId, id, token) =>
    world.send(sessionId, 'report-step', { token, step: step(id), resume: RESUME }, { id }),
  (world, sessionId, id, token) => world.send(sessionId, 'report-closed', { token, proof: 'Nothing is left.' }, { id }),
  (world, sessionId, id, token) =>
    world.send(
      sessionId,
      'report-failed',
      { token, steps: [], resume: null, failure: failureOf('server_unreachable', 'It is gone.') },
      { id },
    ),
  (world, sessionId, id, token) => world.send(sessionId, 'report-completed', completedReport(token), { id }),
];

export interface Trial {
  readonly sessionId: string;
  readonly commandId: string;
  /** What each sending of the same command came to. */
  readonly results: readonly PromiseSettledResult<CommandReply>[];
}

/** Sends one command one to three times at once, under the same id. */
export async function tryCommand(world: World, sessionId: string, random: () => number): Promise<Trial> {
  const commandId = randomUUID();
  // The last ones end a session, so they are rarer.
  const command = COMMANDS[Math.floor(random() ** 1.5 * COMMANDS.length)] ?? COMMANDS[0];
  const token = `${1 + Math.floor(random() * 3)}.${1 + Math.floor(random() ** 2 * 4)}`;
  const times = 1 + Math.floor(random() * 3);
  const sendings = Array.from({ length: times }, async () => command?.(world, sessionId, commandId, token));
  const results = await Promise.allSettled(sendings);
  return { sessionId, commandId, results: results as PromiseSettledResult<CommandReply>[] };
}
