import { randomUUID } from 'node:crypto';
import type { ClientCommandName } from '@oio/contracts';
import { pause } from '../pause.ts';
import type { Random } from '../random.ts';
import type { Answer, History, SentCommand } from './history.ts';

export interface HttpClientOptions {
  /** Where the http-gateways are at the moment. */
  readonly urls: () => readonly string[];
  readonly apiKey: string;
  readonly history: History;
  readonly random: Random;
  /** Given when nothing matters any more. */
  readonly signal: AbortSignal;
}

/**
 * How long one request may take, and how long a command is repeated under its key before its outcome counts as unknown: longer
 * than NATS is ever away, or a pause that was applied just before would be held against the product.
 */
const REQUEST_MS = 12_000;
const PATIENCE_MS = 180_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** Where the command is not the last part of its path. */
const PATHS: Readonly<Partial<Record<ClientCommandName, string>>> = { prompt: 'prompts' };

interface Sending {
  readonly name: ClientCommandName;
  readonly sessionId: string | null;
  readonly path: string;
  readonly body: object;
  readonly twice: boolean;
}

/** A client as the API wants them: every command has a key, and whatever did not get a clear answer is said again under it. */
export class HttpClient {
  readonly #options: HttpClientOptions;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  create(body: object): Promise<SentCommand> {
    return this.command('create', null, body);
  }

  /** Sends a command until its outcome is clear. With `twice`, both of two parallel requests under one key must tell the same. */
  async command(
    name: ClientCommandName,
    sessionId: string | null,
    body: object = {},
    { twice = false } = {},
  ): Promise<SentCommand> {
    const path = name === 'create' ? '/v1/sessions' : `/v1/sessions/${sessionId}/${PATHS[name] ?? name}`;
    return this.#send({ name, sessionId, path, body, twice });
  }

  /** Answers what the agent of a session has asked for. */
  answer(sessionId: string, approvalId: string, body: object, { twice = false } = {}): Promise<SentCommand> {
    return this.#send({ name: 'answer', sessionId, path: `/v1/approvals/${approvalId}/answer`, body, twice });
  }

  /** Ids of what the agent of a session has asked for and nobody answered yet; none when nobody could say. */
  async pendingApprovals(sessionId: string): Promise<readonly string[]> {
    const path = `/v1/sessions/${sessionId}/approvals?status=pending`;
    const { approvals } = (await this.#request('GET', path, {})).document;
    return ((approvals ?? []) as readonly { readonly id: string }[]).map(({ id }) => id);
  }

  async #send({ name, sessionId, path, body, twice }: Sending): Promise<SentCommand> {
    const command = this.#options.history.begin(name, randomUUID(), sessionId);
    const requests = Array.from({ length: twice ? 2 : 1 }, () => this.#untilClear(command, path, body));
    await Promise.all(requests);
    command.endedAt = Date.now();
    return command;
  }

  /** One request without a key, which no history knows of. */
  async tryOnce(name: ClientCommandName, sessionId: string): Promise<Answer> {
    return (await this.#request('POST', `/v1/sessions/${sessionId}/${name}`, { body: {} })).answer;
  }

  /** One request under a key that is taken, with another body. */
  async reuseKey(command: SentCommand, body: object): Promise<number | null> {
    return (await this.#request('POST', '/v1/sessions', { key: command.key, body })).answer.status;
  }

  /** The status of a session, once it has ended or `waitSeconds` are over; null when nobody could say. */
  async status(sessionId: string, waitSeconds: number): Promise<string | null> {
    const { document } = await this.#request('GET', `/v1/sessions/${sessionId}`, { waitSeconds });
    return typeof document['status'] === 'string' ? document['status'] : null;
  }

  async #untilClear(command: SentCommand, path: string, body: object): Promise<void> {
    const { random, signal } = this.#options;
    const giveUpAt = performance.now() + PATIENCE_MS;
    let pauseMs = FIRST_PAUSE_MS;
    while (performance.now() < giveUpAt && !signal.aborted) {
      const { answer } = await this.#request('POST', path, { key: command.key, body });
      command.answers.push(answer);
      if (isClear(answer)) return settle(command, answer);
      await pause(pauseMs * (0.5 + random.next()), signal);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  async #request(
    method: 'GET' | 'POST',
    path: string,
    { key, body, waitSeconds }: { readonly key?: string; readonly body?: object; readonly waitSeconds?: number },
  ): Promise<{ readonly answer: Answer; readonly document: Record<string, unknown> }> {
    const { urls, apiKey, random, signal } = this.#options;
    const startedAt = performance.now();
    const headers = {
      authorization: `Bearer ${apiKey}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(key && { 'idempotency-key': key }),
      ...(waitSeconds !== undefined && { prefer: `wait=${waitSeconds}` }),
    };
    const request = {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
    };
    try {
      const response = await fetch(random.pick(urls()) + path, request);
      const document = (await response.json()) as Record<string, unknown>;
      return { answer: answerOf(response.status, document, startedAt), document };
    } catch (error) {
      return { answer: answerOf(null, { code: reasonOf(error) }, startedAt), document: {} };
    }
  }
}

function answerOf(status: number | null, document: Record<string, unknown>, startedAt: number): Answer {
  const { code, id, version } = document;
  return {
    at: Date.now(),
    ms: performance.now() - startedAt,
    status,
    code: typeof code === 'string' ? code : '',
    sessionId: typeof id === 'string' ? id : null,
    version: typeof version === 'number' ? version : null,
  };
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as Error;
  return (cause as { code?: string } | undefined)?.code ?? name;
}

/** Done, or refused for good. "Later" and "no answer" are neither. */
function isClear({ status }: Answer): boolean {
  return status !== null && status < 500 && status !== 408 && status !== 429;
}

function settle(command: SentCommand, { status, sessionId }: Answer): void {
  if (status === null || status >= 400) {
    if (command.outcome === 'unknown') command.outcome = 'refused';
    return;
  }
  command.outcome = 'accepted';
  command.sessionId ??= sessionId;
}
