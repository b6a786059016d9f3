import { type Answer, badRequest, NO_CONTENT, notFound, ok, WEB_PAGE } from './answer.ts';
import type { CallKind } from './call-log.ts';
import { promptAndWait, revert, runCommand, runShell } from './conversation-routes.ts';
import type { EventHub } from './event-hub.ts';
import { newId } from './new-id.ts';
import type { RequestsForPeople, Said } from './requests-for-people.ts';
import type { Store } from './store.ts';
import type { PromptBody, Turns } from './turns.ts';
import { type Message, type ModelRef, NO_USAGE, type Session } from './wire.ts';

/** What the routes work on. */
export interface RouteWorld {
  readonly store: Store;
  readonly hub: EventHub;
  readonly turns: Turns;
  readonly people: RequestsForPeople;
  readonly agents: readonly string[];
  readonly model: ModelRef;
}

export interface RouteCall {
  readonly directory: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  /** What the path names, in its order. */
  readonly ids: readonly string[];
}

interface Route {
  readonly pattern: RegExp;
  readonly kind: CallKind;
  readonly answer: (world: RouteWorld, call: RouteCall) => Answer | Promise<Answer>;
}

/** The route for a call, and what its path names. OpenCode answers a path that it does not know with its web page. */
export function routeFor(method: string, path: string): { readonly route: Route; readonly ids: string[] } {
  for (const route of ROUTES) {
    const match = route.pattern.exec(`${method} ${path}`);
    if (match) return { route, ids: match.slice(1).map(decodeURIComponent) };
  }
  return { route: UNKNOWN, ids: [] };
}

const UNKNOWN: Route = { pattern: /^/, kind: 'read', answer: () => WEB_PAGE };

const VERSION = '1.18.33';
const ID = '([^/]+)';

const ROUTES: readonly Route[] = [
  read('/global/health', () => ok({ healthy: true, version: VERSION }), 'health'),
  read('/global/event', ({ hub }) => stream((response) => hub.open(response, null)), 'events'),
  read('/event', ({ hub }, { directory }) => stream((response) => hub.open(response, directory)), 'events'),
  read('/agent', ({ agents }) => ok(agents.map((name) => ({ name, description: name, mode: 'primary' })))),
  read('/config/providers', ({ model }) => ok(catalogue(model))),
  read('/config', ({ model }) => ok({ model: `${model.providerID}/${model.modelID}` })),
  read('/session/status', ({ turns }, { directory }) => ok(turns.statuses(directory))),
  read('/session', listSessions),
  read(
    `/session/${ID}`,
    withSession(({ store }, session) => ok({ ...session, ...totalsOf(store, session.id) })),
  ),
  read(
    `/session/${ID}/children`,
    withSession(({ store }, { id }) => ok(childrenOf(store, id))),
  ),
  read(
    `/session/${ID}/todo`,
    withSession(() => ok([])),
  ),
  read(
    `/session/${ID}/message`,
    withSession(({ store }, { id }) => ok(store.messagesOf(id))),
  ),
  read(`/session/${ID}/message/${ID}`, withSession(oneMessage)),
  read('/permission', pending('permission')),
  read('/question', pending('question')),
  post('/session', createSession, 'create'),
  post(`/session/${ID}/fork`, withSession(forkSession), 'create'),
  { pattern: new RegExp(`^PATCH /session/${ID}$`), kind: 'create', answer: withSession(updateSession) },
  post('/experimental/control-plane/move-session', moveSession, 'create'),
  post(`/session/${ID}/prompt_async`, withSession(takePrompt), 'prompt'),
  post(`/session/${ID}/message`, withSession(promptAndWait), 'prompt'),
  post(`/session/${ID}/command`, withSession(runCommand), 'prompt'),
  post(`/session/${ID}/shell`, withSession(runShell), 'prompt'),
  post(`/session/${ID}/revert`, withSession(revert), 'answer'),
  // Also for an unknown id.
  read(`/session/${ID}/diff`, () => ok([])),
  post(`/session/${ID}/abort`, abort, 'abort'),
  { pattern: new RegExp(`^DELETE /session/${ID}$`), kind: 'delete', answer: deleteSession },
  post(
    `/permission/${ID}/reply`,
    answerOf('permission', ({ body }) => said(body)),
    'answer',
  ),
  post(
    `/question/${ID}/reply`,
    answerOf('question', ({ body }) => ({ reply: 'once', answers: body['answers'] as string[][] })),
    'answer',
  ),
  post(
    `/question/${ID}/reject`,
    answerOf('question', () => ({ reply: 'reject' })),
    'answer',
  ),
];

function read(path: string, answer: Route['answer'], kind: CallKind = 'read'): Route {
  return { pattern: new RegExp(`^GET ${path}$`), kind, answer };
}

function post(path: string, answer: Route['answer'], kind: CallKind): Route {
  return { pattern: new RegExp(`^POST ${path}$`), kind, answer };
}

function stream(open: NonNullable<Answer['stream']>): Answer {
  return { status: 200, stream: open };
}

function catalogue({ providerID, modelID }: ModelRef) {
  const models = { [modelID]: { id: modelID, name: modelID, limit: { context: 100_000, output: 8_000 } } };
  return { providers: [{ id: providerID, name: providerID, models }], default: { [providerID]: modelID } };
}

/** With `?directory=` the sessions of exactly that one. */
function listSessions({ store }: RouteWorld, { query }: RouteCall): Answer {
  const directory = query.get('directory');
  return ok([...store.sessions.values()].filter((session) => directory === null || session.directory === directory));
}

function childrenOf(store: Store, parent: string): Session[] {
  return [...store.sessions.values()].filter(({ parentID }) => parentID === parent);
}

/** What a session shows as its cost may fall: nobody should bill from it. */
function totalsOf(store: Store, id: string) {
  return { cost: 1 / (1 + store.messagesOf(id).length), tokens: NO_USAGE.tokens };
}

function oneMessage({ store }: RouteWorld, session: Session, { ids: [, id = ''] }: RouteCall): Answer {
  const message = store.message(id);
  return message?.info.sessionID === session.id ? ok(message) : notFound(`Message not found: ${id}`);
}

/** Neither agent, parent nor directory are checked: OpenCode accepts anything. */
function createSession({ store, hub }: RouteWorld, { directory, body }: RouteCall): Answer {
  const now = Date.now();
  const { title, parentID, metadata, permission } = body as Partial<Session>;
  const session: Session = {
    id: newId('ses'),
    title: title ?? `New session - ${new Date(now).toISOString()}`,
    directory,
    projectID: 'global',
    version: VERSION,
    ...(parentID && { parentID }),
    ...(metadata && { metadata }),
    ...(permission && { permission }),
    time: { created: now, updated: now },
  };
  store.putSession(session);
  hub.publish(directory, 'session.created', { info: session });
  return ok(session);
}

/** All messages are copied when the one that is named is not there. The directory of the call means nothing. */
function forkSession({ store, hub }: RouteWorld, session: Session, { body }: RouteCall): Answer {
  const now = Date.now();
  const fork: Session = {
    ...session,
    id: newId('ses'),
    title: `${session.title} (fork #1)`,
    time: { created: now, updated: now },
  };
  store.putSession(fork);
  hub.publish(fork.directory, 'session.created', { info: fork });
  const all = store.messagesOf(session.id);
  const end = all.findIndex(({ info }) => info.id === body['messageID']);
  const ids = new Map(all.map(({ info }) => [info.id, newId('msg')]));
  for (const { info, parts } of end === -1 ? all : all.slice(0, end))
    store.putMessage(copyOf(info, parts, fork.id, ids));
  return ok(fork);
}

function copyOf(info: Message['info'], parts: Message['parts'], sessionID: string, ids: ReadonlyMap<string, string>) {
  const messageID = ids.get(info.id) ?? info.id;
  const own = { ...info, id: messageID, sessionID };
  const copied = own.role === 'assistant' ? { ...own, parentID: ids.get(own.parentID) ?? own.parentID } : own;
  return { info: copied, parts: parts.map((part) => ({ ...part, id: newId('prt'), sessionID, messageID })) };
}

function updateSession({ store }: RouteWorld, session: Session, { body }: RouteCall): Answer {
  const { title, metadata } = body as Partial<Session>;
  const updated = { ...session, ...(title !== undefined && { title }), ...(metadata && { metadata }) };
  store.putSession(updated);
  return ok(updated);
}

function moveSession({ store }: RouteWorld, { body }: RouteCall): Answer {
  const { sessionID, destination } = body as { sessionID?: string; destination?: { directory?: string } };
  const session = store.sessions.get(sessionID ?? '');
  if (!session || !destination?.directory) return badRequest('MoveSessionError');
  store.putSession({ ...session, directory: destination.directory });
  return NO_CONTENT;
}

/** The 204 says nothing: agent and model are looked at later. */
function takePrompt({ turns }: RouteWorld, session: Session, { body }: RouteCall): Answer {
  const { messageID, parts } = body as { messageID?: unknown; parts?: unknown };
  if (messageID !== undefined && !(typeof messageID === 'string' && messageID.startsWith('msg'))) {
    return badRequest('Expected a string starting with "msg", got an other one at ["messageID"]');
  }
  if (!Array.isArray(parts)) return badRequest('Missing key at ["parts"]');
  turns.submit(session, body as unknown as PromptBody);
  return NO_CONTENT;
}

/** Also for an unknown id. */
async function abort({ turns }: RouteWorld, { ids: [id = ''] }: RouteCall): Promise<Answer> {
  await turns.abort(id);
  return ok(true);
}

/** Its messages go with it; a turn of it goes on all the same. */
function deleteSession({ store }: RouteWorld, { ids: [id = ''] }: RouteCall): Answer {
  if (!store.sessions.has(id)) return notFound(`Session not found: ${id}`);
  store.deleteSession(id);
  return ok(true);
}

function pending(kind: 'permission' | 'question'): Route['answer'] {
  return ({ people }, { directory }) =>
    ok(people.pending(kind, directory).map(({ id, sessionID, body }) => ({ id, sessionID, ...body })));
}

/** Answered before, or asked in another directory: 404. */
function answerOf(kind: 'permission' | 'question', read_: (call: RouteCall) => Said): Route['answer'] {
  return ({ people }, call) => {
    const { directory, ids } = call;
    const taken = people.answer(kind, { id: ids[0] ?? '', directory }, read_(call));
    return taken ? ok(true) : notFound(`${kind} request not found`, 'PermissionNotFoundError');
  };
}

function said(body: RouteCall['body']): Said {
  const { reply, message } = body as { reply?: string; message?: string };
  return { reply: reply ?? 'reject', ...(message !== undefined && { message }) };
}

function withSession(
  answer: (world: RouteWorld, session: Session, call: RouteCall) => Answer | Promise<Answer>,
): Route['answer'] {
  return (world, call) => {
    const [id = ''] = call.ids;
    const session = world.store.sessions.get(id);
    return session ? answer(world, session, call) : notFound(`Session not found: ${id}`);
  };
}
