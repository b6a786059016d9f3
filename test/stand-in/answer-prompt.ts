import { HOSTILE_TEXT } from '@oio/scripted-model';
import { type Work, workOf } from './directive.ts';
import type { EventHub } from './event-hub.ts';
import { pause } from './pause.ts';
import { ProviderRefusal, refusalFor, retryMessageFor } from './provider-errors.ts';
import { Reply } from './reply.ts';
import type { RequestsForPeople, Said } from './requests-for-people.ts';
import type { Store } from './store.ts';
import {
  type AssistantInfo,
  type Message,
  NO_USAGE,
  type Session,
  type Status,
  type UserInfo,
  type WireError,
} from './wire.ts';

/** What a turn needs of the world. */
export interface TurnWorld {
  readonly store: Store;
  readonly hub: EventHub;
  readonly people: RequestsForPeople;
  setStatus(session: Session, status: Status): void;
  openChild(parent: Session, work: Work): void;
}

interface Turn extends TurnWorld {
  readonly session: Session;
  readonly prompt: UserInfo;
  readonly work: Work;
  readonly signal: AbortSignal;
}

const OVERFLOW = 'ContextOverflowError';
const RETRY_MS = 100;
const FOR_EVER_MS = 2 ** 31 - 1;
const UNKNOWN_PAUSE_MS = 300;
const REJECTED = 'The user rejected permission to use this specific tool call.';
const DISMISSED = 'The user dismissed this question.';

/** How a turn came out. */
export interface Ending {
  readonly error: WireError | null;
  /** The conversation no longer fits, and has to be summed up. */
  readonly full?: boolean;
}

/** Plays the turn of one prompt from where its stored answers end. */
export async function answerPrompt(
  world: TurnWorld,
  session: Session,
  message: Message,
  signal: AbortSignal,
): Promise<Ending> {
  const prompt = message.info as UserInfo;
  const text = message.parts.map(({ text: said }) => (typeof said === 'string' ? said : '')).join('\n');
  const turn: Turn = { ...world, session, prompt, work: workOf(text), signal };
  const done = () => finishedSteps(world.store.repliesTo(prompt.id, session.id));
  if (done() === 0) for (let child = 0; child < turn.work.children; child += 1) world.openChild(session, turn.work);
  for (;;) {
    const ending = await takeStep(turn, done() + 1);
    if (ending !== null) return ending;
  }
}

function finishedSteps(replies: readonly AssistantInfo[]): number {
  return replies.filter(({ finish, error }) => finish === 'tool-calls' && error === undefined).length;
}

/** One model call. Null when another one follows. */
async function takeStep(turn: Turn, number: number): Promise<Ending | null> {
  const { work, session, prompt, signal } = turn;
  turn.setStatus(session, { type: 'busy' });
  const reply = new Reply(turn, session.directory, prompt);
  try {
    await beRetried(turn);
    // The message stays open, and nobody is told.
    if (work.cut) return { error: null };
    if (isRefused(turn)) throw refusalFor(work);
    return number < work.steps ? await callTool(turn, reply, number) : await sayIt(turn, reply);
  } catch (error) {
    const wireError = errorOf(error, signal);
    turn.hub.publish(session.directory, 'session.error', { sessionID: session.id, error: wireError });
    return {
      error: wireError.name === OVERFLOW ? endUnfinished(reply, wireError) : storeLater(reply, wireError, work.store),
    };
  }
}

async function beRetried(turn: Turn): Promise<void> {
  const { work, session, prompt, store, signal } = turn;
  if (store.repliesTo(prompt.id, session.id).length > 1) return;
  for (let attempt = 1; attempt <= work.retry; attempt += 1) {
    turn.setStatus(session, {
      type: 'retry',
      attempt,
      message: retryMessageFor(work.error),
      next: Date.now() + RETRY_MS,
    });
    await pause(RETRY_MS, signal);
  }
  if (work.wait > 0) {
    const waitMs = work.wait * 1_000;
    const next = Date.now() + waitMs;
    turn.setStatus(session, { type: 'retry', attempt: 1, message: 'Too Many Requests', next });
    await pause(waitMs, signal);
  }
  if (work.retry + work.wait > 0) turn.setStatus(session, { type: 'busy' });
}

const REFUSALS: ReadonlySet<string> = new Set(['APIError', 'ContentFilterError', 'UnknownError']);

function isRefused({ work, session, store }: Turn): boolean {
  if (work.status === null && work.error === null) return false;
  return (
    store.messagesOf(session.id).filter(({ info }) => info.role === 'assistant' && wasRefused(info)).length < work.fail
  );
}

function wasRefused({ error, finish, time }: AssistantInfo): boolean {
  if (error) return REFUSALS.has(error.name);
  return finish === undefined && time.completed !== undefined;
}

async function callTool(turn: Turn, reply: Reply, number: number): Promise<Ending | null> {
  const { work, signal } = turn;
  const end = reply.beginTool(toolOf(work), { command: `echo step ${number}` });
  const said = number === 1 && work.ask ? await ask(turn, work.ask) : null;
  await pause(work.hang === 'tool' ? FOR_EVER_MS : work.ms / work.steps, signal);
  const refused = said?.reply === 'reject';
  if (refused) end({ status: 'error', error: refusalOf(work, said) });
  else end(outcomeOf(work, number, said));
  reply.finish('tool-calls', usageOf(work));
  // A refusal without a word ends the turn, and it looks like any other end.
  if (refused && said.message === undefined) return { error: null };
  return work.compact && number === 1 ? { error: null, full: true } : null;
}

function toolOf({ tool }: Work): string {
  return tool === 'invalid' ? 'invalid' : 'bash';
}

function outcomeOf({ tool }: Work, number: number, said: Said | null): Readonly<Record<string, unknown>> {
  if (tool === 'error') return { status: 'error', error: 'The tool was called with invalid arguments.' };
  return {
    status: 'completed',
    output: said?.answers?.flat().join() ?? `step ${number}`,
    metadata: { exit: tool === 'exit' ? 3 : 0 },
  };
}

function ask({ people, session, hub, signal }: Turn, kind: 'permission' | 'question' | 'rejected'): Promise<Said> {
  if (kind === 'rejected') return Promise.resolve({ reply: 'reject' });
  const body =
    kind === 'permission'
      ? { permission: 'bash', patterns: ['echo step 1'], always: ['echo *'], metadata: {} }
      : { questions: [{ question: 'Which one?', header: 'Choice', options: [] }] };
  return people.ask({ kind, sessionID: session.id, directory: session.directory, body }, signal, (asked) =>
    hub.publish(session.directory, `${kind}.asked`, { id: asked.id, sessionID: session.id, ...body }),
  );
}

function refusalOf({ ask: kind }: Work, { message }: Said): string {
  if (kind === 'question') return DISMISSED;
  return message === undefined ? REJECTED : `${REJECTED.slice(0, -1)} with the following feedback: ${message}`;
}

async function sayIt({ work, signal }: Turn, reply: Reply): Promise<Ending | null> {
  const text = reply.beginText();
  if (work.hang === 'tokens') text.piece('thinking');
  if (work.hang !== null) await pause(FOR_EVER_MS, signal);
  for (let piece = 1; piece <= work.pieces; piece += 1) {
    await pause(work.ms / work.steps / work.pieces, signal);
    if (piece < work.pieces) text.piece('.');
  }
  text.end(work.hostile ? HOSTILE_TEXT.repeat(100) : 'done'.padEnd(work.bytes, '.'));
  reply.finish(work.finish, usageOf(work));
  if (work.finish !== 'unknown') return { error: null };
  await pause(UNKNOWN_PAUSE_MS, signal);
  return null;
}

function usageOf({ bytes }: Work) {
  return { cost: 0.001, tokens: { ...NO_USAGE.tokens, input: 100, output: Math.ceil(bytes / 4) } };
}

function errorOf(error: unknown, signal: AbortSignal): WireError {
  if (signal.aborted) return { name: 'MessageAbortedError', data: { message: 'Aborted' } };
  if (!(error instanceof ProviderRefusal)) throw error;
  return error.wire;
}

/** Of an overflow nothing is stored but an end: it is not the last of the turn. */
function endUnfinished(reply: Reply, error: WireError): WireError {
  reply.endUnfinished();
  return error;
}

/** The session says idle before the error is stored: whoever looks at that instant sees an open message. */
function storeLater(reply: Reply, error: WireError, afterMs: number): WireError {
  if (afterMs > 0) setTimeout(() => reply.fail(error), afterMs);
  else setImmediate(() => reply.fail(error));
  return error;
}
