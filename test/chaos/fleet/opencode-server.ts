import { join } from 'node:path';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import { ChildProgram } from './child-program.ts';
import { freePort } from './free-port.ts';
import type { StandInCall } from './stand-in-call.ts';

const PASSWORD = 'chaos';

/** An OpenCode stand-in as a process of its own, behind a proxy. It keeps its sessions and its count of calls over a kill. */
export class OpencodeServer implements AsyncDisposable {
  readonly id: string;
  readonly program: ChildProgram;
  readonly link: TcpProxy;
  readonly #url: string;
  #known: StandInCall[] = [];

  private constructor(id: string, program: ChildProgram, link: TcpProxy, port: number) {
    this.id = id;
    this.program = program;
    this.link = link;
    this.#url = `http://127.0.0.1:${port}`;
  }

  static async start(id: string, directory: string, onUnexpectedEnd: (how: string) => void): Promise<OpencodeServer> {
    const port = await freePort();
    const state = join(directory, `${id}.jsonl`);
    const program = new ChildProgram({
      name: id,
      args: ['test/stand-in/main.ts', '--port', String(port), '--password', PASSWORD, '--state', state],
      environment: {},
      logFile: join(directory, `${id}.log`),
      isReady: async () => (await fetch(`http://127.0.0.1:${port}/global/health`, { headers: HEADERS })).ok,
      onUnexpectedEnd,
    });
    await program.start();
    return new OpencodeServer(id, program, await TcpProxy.start(port), port);
  }

  /** What a gateway is told of it. */
  get registration() {
    return { id: this.id, url: `http://127.0.0.1:${this.link.port}`, password: PASSWORD, capacity: 12 };
  }

  /** Every call that changes something, since the beginning. While the server is away, those that were known before. */
  async calls(): Promise<readonly StandInCall[]> {
    const after = this.#known.at(-1)?.number ?? 0;
    try {
      const response = await fetch(`${this.#url}/stand-in/calls?after=${after}`, { headers: HEADERS, signal: soon() });
      const { calls } = (await response.json()) as { calls: StandInCall[] };
      // Somebody else may have asked for the same meanwhile.
      const known = this.#known.at(-1)?.number ?? 0;
      this.#known = [...this.#known, ...calls.filter(({ number }) => number > known)];
    } catch {
      // It may be down just now.
    }
    return this.#known;
  }

  /** In place of the faults that were on; none ends them all. */
  async setFaults(...faults: readonly object[]): Promise<void> {
    const request = { method: 'POST', headers: HEADERS, body: JSON.stringify({ faults }), signal: soon() };
    await fetch(`${this.#url}/stand-in/faults`, request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await this.link[Symbol.asyncDispose]();
  }
}

const HEADERS = {
  authorization: `Basic ${Buffer.from(`opencode:${PASSWORD}`).toString('base64')}`,
  'content-type': 'application/json',
};

function soon(): AbortSignal {
  return AbortSignal.timeout(3_000);
}
