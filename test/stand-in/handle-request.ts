import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, send } from './answer.ts';
import type { Call } from './call-log.ts';
import { answerControl, type Controlled } from './control.ts';
import { type Fault, misbehave } from './faults.ts';
import { pause } from './pause.ts';
import { type RouteCall, routeFor, type RouteWorld } from './routes.ts';

export interface StandInWorld extends RouteWorld, Controlled {
  readonly authorization: string;
}

const NOT_AUTHORIZED: Answer = { status: 401, headers: { 'www-authenticate': 'Basic realm="Secure Area"' } };
const NOT_JSON: Answer = {
  status: 500,
  body: { name: 'UnknownError', data: { message: 'Unexpected server error.', ref: 'err_1' } },
};

/** One request, from the password to the answer or the fault that it meets. */
export async function handleRequest(
  world: StandInWorld,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const received = await receive(request);
  const { method, path, query, body } = received;
  const isKnown = request.headers.authorization === world.authorization || world.faults.has('open_door');
  if (!isKnown) send(response, NOT_AUTHORIZED);
  else if (!path.startsWith('/stand-in/')) await play(world, received, response);
  else send(response, answerControl(world, `${method} ${path}`, query, body ?? {}));
}

interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly directory: string;
  /** Null for what is not JSON. */
  readonly body: RouteCall['body'] | null;
  readonly remotePort: number;
  readonly userAgent: string;
}

async function receive(request: IncomingMessage): Promise<Received> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stand-in');
  const { headers, socket, method = 'GET' } = request;
  const directory = decodeURIComponent(String(headers['x-opencode-directory'] ?? ''));
  return {
    method,
    path: pathname,
    query: searchParams,
    directory: searchParams.get('directory') ?? (directory || process.cwd()),
    body: parseBody(await readAll(request)),
    remotePort: socket.remotePort ?? 0,
    userAgent: headers['user-agent'] ?? '',
  };
}

async function play(world: StandInWorld, received: Received, response: ServerResponse): Promise<void> {
  const { method, path, body } = received;
  const { route, ids } = routeFor(method, path);
  const call = { ...received, body: body ?? {}, ids };
  const fault = world.faults.take(method, path);
  const manner = mannerOf(fault);
  world.calls.record(recordOf(world, call, { kind: route.kind, ...met(fault, manner) }));
  if (manner === 'before') return misbehave(fault, response);
  if (manner === 'stall') await untilOver(world);
  const answer = body === null ? NOT_JSON : await route.answer(world, call);
  if (manner === 'after') misbehave(fault, response);
  else send(response, answer);
  if (answer.stream && world.faults.has('cut_events')) response.destroy();
}

type Manner = 'none' | 'before' | 'after' | 'stall';

/** Whether the fault takes the place of the call, of its answer, or only holds it up. */
function mannerOf(fault: Fault | null): Manner {
  if (fault === null) return 'none';
  return fault.kind === 'stall' ? 'stall' : (fault.when ?? 'before');
}

function met(fault: Fault | null, manner: Manner): Pick<Call, 'fault' | 'faultWhen'> {
  if (fault === null) return { fault: null, faultWhen: null };
  return { fault: fault.kind, faultWhen: manner === 'before' ? 'before' : 'after' };
}

const STALL_LOOK_MS = 20;

async function untilOver({ faults }: StandInWorld): Promise<void> {
  while (faults.has('stall')) await pause(STALL_LOOK_MS);
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parseBody(text: string): RouteCall['body'] | null {
  try {
    return text === '' ? {} : (JSON.parse(text) as RouteCall['body']);
  } catch {
    return null;
  }
}

function recordOf(
  { store }: StandInWorld,
  { method, path, directory, body, ids, remotePort, userAgent }: Received & RouteCall,
  { kind, fault, faultWhen }: Pick<Call, 'kind' | 'fault' | 'faultWhen'>,
): Omit<Call, 'number'> {
  const openCodeSessionId = path.startsWith('/session/') ? (ids[0] ?? null) : null;
  const posted: PostedBody = body;
  const metadata = openCodeSessionId === null ? posted.metadata : store.sessions.get(openCodeSessionId)?.metadata;
  return {
    // The wall clock, which the database reads as well: the monotonic one drifts from it where that is corrected.
    atMs: Date.now(),
    method,
    path,
    kind: kind === 'prompt' && isEmpty(posted.parts) ? 'resume' : kind,
    directory,
    openCodeSessionId,
    sessionId: textOrNull(metadata?.['oioSessionId']),
    messageId: textOrNull(posted.messageID),
    remotePort,
    userAgent,
    fault,
    faultWhen,
  };
}

interface PostedBody {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly messageID?: unknown;
  readonly parts?: unknown;
}

function isEmpty(parts: unknown): boolean {
  return Array.isArray(parts) && parts.length === 0;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
