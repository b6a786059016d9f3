import type { Operation } from './closed-loop.ts';
import type { Connection, Response } from './connection.ts';
import { submission } from './submission.ts';

/** How long the API is asked to wait for the end of a session, in seconds. */
const WAIT_SECONDS = 30;

/** W1: submits a session and waits until it is completed. */
export function lifecycle(connection: Connection, directory: string): Operation {
  const body = JSON.stringify(submission(directory));
  const headers = `Prefer: wait=${WAIT_SECONDS}\r\n`;
  return async () => {
    const response = await connection.post('/v1/sessions', body, headers);
    assertStatus(response, 201);
    if (!response.body.includes('"status":"completed"'))
      throw new Error(`Not completed: ${response.body.slice(0, 300)}`);
  };
}

/** W2: a durable command to one of many sessions, each in its turn. */
export function checkpoints(connection: Connection, sessionIds: readonly string[]): Operation {
  let turn = 0;
  return async () => {
    const id = sessionIds[turn % sessionIds.length];
    turn += 1;
    assertStatus(await connection.post(`/v1/sessions/${id}/checkpoint`, `{"data":{"turn":${turn}}}`), 200);
  };
}

function assertStatus({ status, body }: Response, expected: number): void {
  if (status !== expected) throw new Error(`${status} ${body.slice(0, 300)}`);
}
