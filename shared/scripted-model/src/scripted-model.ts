import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { type RecordedRequest, requestHandler } from './request-handler.ts';
import type { Script } from './script.ts';

export interface ScriptedModelOptions {
  /** The first that matches answers. */
  readonly scripts: readonly Script[];
  /** What clients send as bearer token. Default: a random one. */
  readonly apiKey?: string;
  /** Default: any free one. */
  readonly port?: number;
  /** Pause before each few characters of an answer. Default: 15. */
  readonly tokenDelayMs?: number;
}

/** A running endpoint. */
export interface ScriptedModel extends AsyncDisposable {
  /** Scheme, host and port, without `/v1`. */
  readonly url: string;
  readonly apiKey: string;
  /** The latest model calls, oldest first, for tests; at most 200. */
  readonly requests: readonly RecordedRequest[];
  /** Cuts the connections that are open. */
  stop(): Promise<void>;
}

const RECORDED_REQUESTS = 200;

/**
 * Starts an OpenAI-compatible model endpoint on loopback that follows scripts. It keeps no state: which step comes next
 * follows from the conversation. Throws `StartupError` when the port is taken.
 */
export async function startScriptedModel(options: ScriptedModelOptions): Promise<ScriptedModel> {
  const { scripts, apiKey = `scripted-${randomBytes(16).toString('hex')}`, port = 0, tokenDelayMs = 15 } = options;
  const requests: RecordedRequest[] = [];
  const record = (request: RecordedRequest) => {
    requests.push(request);
    if (requests.length > RECORDED_REQUESTS) requests.shift();
  };
  const server = createServer(requestHandler({ scripts, apiKey, tokenDelayMs, record }));
  await listen(server, port);
  const stop = () => close(server);
  const address = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${address.port}`, apiKey, requests, stop, [Symbol.asyncDispose]: stop };
}

async function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, '127.0.0.1', resolve);
  try {
    await promise;
  } catch (cause) {
    throw new StartupError(
      `The scripted model cannot listen on port ${port}: ${String(cause)}`,
      EXIT_CODE.unavailable,
      { cause },
    );
  }
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}
