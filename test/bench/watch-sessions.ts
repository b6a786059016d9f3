import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@oio/runtime/testing';
import { Connection } from './client/connection.ts';
import type { Measured } from './figures.ts';
import type { System } from './system/system.ts';

/** Commands to many sessions at a time, one after the other to each. */
export interface Watched extends Disposable {
  /** For each of these sessions, how long after `sinceMs` it took until a command sent later was answered with 200. */
  nextAnswers(ids: readonly string[], sinceMs: number): Promise<readonly number[]>;
  /** How many commands have had another answer, or none, since then. */
  failedSince(sinceMs: number): number;
  /** The commands between two times. */
  between(fromMs: number, untilMs: number): Pick<Measured, 'ops' | 'latenciesMs' | 'failures'>;
}

/** The longest that is waited for. */
const PATIENCE_MS = 60_000;
/** A command that was refused is sent again after so long. */
const AGAIN_MS = 5;

interface Answered {
  readonly sentMs: number;
  readonly answeredMs: number;
}

interface Failure {
  readonly atMs: number;
  readonly what: string;
}

/** Sends checkpoints until it is disposed of. */
export function watchSessions({ url, apiKey }: Pick<System, 'url' | 'apiKey'>, ids: readonly string[]): Watched {
  const answers = new Map<string, Answered[]>(ids.map((id) => [id, []]));
  const failures: Failure[] = [];
  const connections = ids.map(() => new Connection(url, apiKey));
  let isOver = false;
  const command = async (connection: Connection, id: string): Promise<void> => {
    while (!isOver) {
      const sentMs = performance.now();
      const what = await failureOf(connection, id);
      const nowMs = performance.now();
      if (what === null) answers.get(id)?.push({ sentMs, answeredMs: nowMs });
      else failures.push({ atMs: nowMs, what });
      await pause(AGAIN_MS);
    }
  };
  ids.forEach((id, index) => {
    const connection = connections[index];
    if (connection) void command(connection, id);
  });
  const nextAnswer = (id: string, sinceMs: number): number | undefined =>
    answers.get(id)?.find(({ sentMs }) => sentMs >= sinceMs)?.answeredMs;
  return {
    nextAnswers: (wanted, sinceMs) =>
      Promise.all(
        wanted.map(async (id) => {
          const ask = () => nextAnswer(id, sinceMs);
          return (await eventually(ask, { withinMs: PATIENCE_MS, what: `session ${id} to answer again` })) - sinceMs;
        }),
      ),
    failedSince: (sinceMs) => failures.filter(({ atMs }) => atMs >= sinceMs).length,
    between: (fromMs, untilMs) => between([...answers.values()].flat(), failures, { fromMs, untilMs }),
    [Symbol.dispose]() {
      isOver = true;
      for (const connection of connections) connection.close();
    },
  };
}

/** Null when the command has succeeded. */
async function failureOf(connection: Connection, id: string): Promise<string | null> {
  try {
    const { status, body } = await connection.post(`/v1/sessions/${id}/checkpoint`, '{}');
    return status === 200 ? null : `${status} ${body.slice(0, 300)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function between(
  answers: readonly Answered[],
  failures: readonly Failure[],
  { fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number },
): ReturnType<Watched['between']> {
  const whole = answers.filter(({ sentMs, answeredMs }) => sentMs >= fromMs && answeredMs <= untilMs);
  return {
    ops: whole.length,
    latenciesMs: whole.map(({ sentMs, answeredMs }) => answeredMs - sentMs),
    failures: failures.filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs).map(({ what }) => what),
  };
}
