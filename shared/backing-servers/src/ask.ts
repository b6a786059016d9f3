import { once } from 'node:events';
import { connect } from 'node:net';

const ANSWER_WITHIN_MS = 1_000;

/** Says something on a new connection to 127.0.0.1 and returns all that comes back up to `until`. Rejects without it. */
export async function ask(port: number, question: string, until: RegExp): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', timeout: ANSWER_WITHIN_MS });
  socket.on('timeout', () => socket.destroy(new Error('No answer came.')));
  try {
    await once(socket, 'connect');
    socket.write(question);
    let answer = '';
    for await (const chunk of socket.setEncoding('utf8')) {
      answer += String(chunk);
      if (until.test(answer)) return answer;
    }
    throw new Error('The connection ended before the answer.');
  } finally {
    socket.destroy();
  }
}
