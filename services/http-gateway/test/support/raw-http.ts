import { connect } from 'node:net';

/**
 * Writes bytes to the API as they are, and returns everything that came back by the time the connection closed. A request
 * that is to be complete should say `Connection: close`.
 */
export function rawHttp(url: string, text: string, options: { readonly drip?: string } = {}): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let answer = '';
    let dripping: NodeJS.Timeout | undefined;
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.write(text);
      dripping = setInterval(() => options.drip && socket.writable && socket.write(options.drip), 50);
    });
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(dripping);
      resolve(answer);
    });
  });
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
}
