import type { ServerResponse } from 'node:http';

/** What a call is answered: JSON, nothing, or a stream that takes over the response. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** In place of JSON. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly stream?: (response: ServerResponse) => void;
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export const NO_CONTENT: Answer = { status: 204 };

export function notFound(message: string, name = 'NotFoundError'): Answer {
  return { status: 404, body: { name, data: { message } } };
}

export function badRequest(message: string): Answer {
  return { status: 400, body: { name: 'BadRequest', data: { message, kind: 'Payload' } } };
}

/** The web page that OpenCode answers for every path that it does not know. */
export const WEB_PAGE: Answer = {
  status: 200,
  headers: { 'content-type': 'text/html' },
  text: '<!doctype html><title>OpenCode</title>',
};

export function send(response: ServerResponse, { status, body, text, headers, stream }: Answer): void {
  if (response.destroyed) return;
  if (stream) stream(response);
  else if (body === undefined) response.writeHead(status, headers).end(text);
  else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
