import { connect, type Socket } from 'node:net';

export interface Response {
  readonly status: number;
  readonly body: string;
}

interface Waiting {
  readonly resolve: (response: Response) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One kept-alive HTTP/1.1 connection with one request at a time: as little as is needed, because the client shares its
 * machine with what it measures.
 */
export class Connection {
  readonly #host: string;
  readonly #port: number;
  readonly #head: string;
  #socket: Socket | null = null;
  #waiting: Waiting | null = null;
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes of the whole answer; unknown until its head is there. */
  #wanted = Number.POSITIVE_INFINITY;
  #bodyAt = 0;
  #status = 0;

  constructor(url: string, apiKey: string) {
    const { hostname, port, host } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
    this.#head = `Host: ${host}\r\nAuthorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\n`;
  }

  /** Sends a request with JSON and waits for the whole answer. */
  post(path: string, body: string, headers = ''): Promise<Response> {
    return this.#send('POST', path, { body, headers });
  }

  put(path: string, body: string): Promise<Response> {
    return this.#send('PUT', path, { body, headers: '' });
  }

  #send(method: string, path: string, { body, headers }: { readonly body: string; readonly headers: string }) {
    return this.#ask(
      `${method} ${path} HTTP/1.1\r\n${this.#head}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  get(path: string, headers = ''): Promise<Response> {
    return this.#ask(`GET ${path} HTTP/1.1\r\n${this.#head}${headers}\r\n`);
  }

  close(): void {
    this.#socket?.destroy();
  }

  #ask(request: string): Promise<Response> {
    return new Promise((resolve, reject) => {
      const socket = this.#open();
      this.#waiting = { resolve, reject };
      socket.write(request);
    });
  }

  #open(): Socket {
    if (this.#socket) return this.#socket;
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
    socket.on('data', (chunk) => this.#take(chunk));
    let cause: Error | undefined;
    socket.on('error', (error) => {
      cause = error;
    });
    socket.on('close', () => this.#closed(cause));
    this.#reset();
    this.#socket = socket;
    return socket;
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#wanted === Number.POSITIVE_INFINITY) this.#readHead();
    if (this.#size < this.#wanted) return;
    const body = Buffer.concat(this.#chunks).toString('utf8', this.#bodyAt, this.#wanted);
    const waiting = this.#waiting;
    const status = this.#status;
    this.#reset();
    waiting?.resolve({ status, body });
  }

  #readHead(): void {
    const bytes = Buffer.concat(this.#chunks);
    const end = bytes.indexOf('\r\n\r\n');
    if (end === -1) return;
    const head = bytes.toString('latin1', 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    this.#status = Number(head.slice(9, 12));
    this.#bodyAt = end + 4;
    this.#wanted = this.#bodyAt + Number(length ?? 0);
    if (length === undefined) this.#socket?.destroy(new Error(`The answer has no Content-Length: ${head}`));
  }

  #closed(cause: Error | undefined): void {
    const waiting = this.#waiting;
    this.#socket = null;
    this.#reset();
    waiting?.reject(cause ?? new Error('The connection was closed before the answer was complete.'));
  }

  #reset(): void {
    this.#waiting = null;
    this.#chunks = [];
    this.#size = 0;
    this.#wanted = Number.POSITIVE_INFINITY;
  }
}
