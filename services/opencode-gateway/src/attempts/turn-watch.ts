import { setTimeout as delay } from 'node:timers/promises';
import type { AttemptOrder, ResumePoint } from '@oio/contracts';
import type { Bus } from '@oio/messaging';
import type { Clock, Logger } from '@oio/runtime';
import type { Activity, AgentEvent, SessionEvent, Todo } from '../agent-server/events.ts';
import type { SessionRef } from '../agent-server/sessions.ts';
import type { AgentServer } from '../ports.ts';
import type { ApprovalDesk } from '../approvals/approval-desk.ts';
import type { Request } from '../approvals/asked-of.ts';
import type { ServerLink } from '../server-link.ts';
import { isNamedByProvider, type Retry } from '../turn/quota.ts';
import { announceOutput } from './live-output.ts';
import { descendants } from './stop-turn.ts';
import type { WakeUp } from './wake-up.ts';

/** Events come in bursts: what they announce is read a moment later. */
const SETTLE_MS = 100;

/** OpenCode asks the provider again by itself. */
export interface Retrying extends Retry {
  /** The time that the provider has named, by the database's clock; null where it is OpenCode's own. */
  readonly resetAtMs: number | null;
}

/** What the events of a turn have told so far and no reading of the messages tells. */
export interface TurnSigns {
  retrying: Retrying | null;
  todos: ResumePoint['todos'];
  /** Since when events are taken without a break, in `performance.now()`; null while they are not. */
  listeningSinceMs: number | null;
}

export interface TurnWatchParts {
  readonly link: ServerLink;
  readonly bus: Bus;
  readonly order: AttemptOrder;
  readonly ref: SessionRef;
  readonly signs: TurnSigns;
  /** Whether the turn may have begun: before that there is nothing to be missed. */
  readonly hasBegun: boolean;
  readonly desk: Pick<ApprovalDesk, 'note' | 'recheck'>;
  readonly concerns: (event: AgentEvent) => boolean;
  readonly onEvent: (event: SessionEvent) => void;
  readonly onChild: (sessionId: string) => void;
  readonly wakeUp: WakeUp;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Follows the events of a session, over restarts of its server, until the signal comes. */
export async function watchTurn(parts: TurnWatchParts): Promise<void> {
  const { link, signs, signal, wakeUp } = parts;
  // A prompt takes a question to the database first: what is heard in this turn of the event loop comes before it.
  let isEarly = !parts.hasBegun;
  // Whose sub-session asks is not known yet, if that was opened a moment ago.
  const filter = (event: AgentEvent): boolean => parts.concerns(event) || requestIn(event) !== null;
  setImmediate(() => {
    isEarly = false;
  });
  while (!signal.aborted) {
    await link.waitUntilUp(signal);
    const agent = link.agent();
    signs.listeningSinceMs = performance.now();
    try {
      for await (const event of agent.events({ signal, filter })) {
        if (event.type === 'resync' && isEarly) continue;
        if ('sessionId' in event) take(parts, event);
        else wakeUp.ring();
        // A turn that is to be ended does not wait for it.
        if (event.type === 'resync') await Promise.race([catchUp(parts, agent), aborted(signal)]);
      }
    } finally {
      signs.listeningSinceMs = null;
    }
    if (signal.aborted) return;
    // The stream ended because the connection was given up; the next one comes with the server.
    wakeUp.ring();
    await delay(SETTLE_MS, undefined, { signal });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** What was asked while nobody listened would never be answered, and what was opened not be known. */
async function catchUp({ ref, signs, desk, onChild, logger }: TurnWatchParts, agent: AgentServer): Promise<void> {
  desk.recheck();
  const children = await descendants(agent, ref).catch((error: unknown) => {
    logger.warn({ err: error, openCodeSessionId: ref.sessionId }, 'sub-sessions not read');
    return [];
  });
  for (const { sessionId } of children) onChild(sessionId);
  const todos = await agent.todos(ref).catch(() => null);
  if (todos) signs.todos = listOf(todos);
}

function requestIn(event: AgentEvent): Request | null {
  if (event.type === 'permission_asked') return { kind: 'permission', request: event.request };
  return event.type === 'question_asked' ? { kind: 'question', request: event.request } : null;
}

function take(parts: TurnWatchParts, event: SessionEvent): void {
  const { bus, order, ref, signs, desk, onEvent, wakeUp } = parts;
  onEvent(event);
  const asking = requestIn(event);
  if (asking) desk.note(asking);
  if (event.sessionId !== ref.sessionId) return;
  announceOutput(bus, order, event);
  if (event.type === 'todos') signs.todos = listOf(event.todos);
  if (event.type === 'activity') noteActivity(parts, event.activity);
  if (PROGRESS.has(event.type) && signs.retrying) answered(signs, wakeUp);
  ringFor(event, wakeUp);
}

/** That it is well again has to be told, however long the turn then goes on without anything worth reading. */
function answered(signs: TurnSigns, wakeUp: WakeUp): void {
  signs.retrying = null;
  wakeUp.ring(SETTLE_MS);
}

/**
 * An answer is stored before its end is told, and that the provider is asked again is told by itself. An error is stored after it
 * is told, and another event tells of that.
 */
function ringFor(event: SessionEvent, wakeUp: WakeUp): void {
  if (event.type === 'activity' && event.activity.type !== 'busy') wakeUp.ring();
  else if (isWorthReading(event)) wakeUp.ring(SETTLE_MS);
}

/** That the turn is at work shows by the events themselves. */
function isWorthReading(event: SessionEvent): boolean {
  if (event.type === 'message') return event.completed;
  return event.type !== 'delta' && event.type !== 'tool' && event.type !== 'activity';
}

function listOf(todos: readonly Todo[]): TurnSigns['todos'] {
  return todos.map(({ content, status }) => ({ content, status }));
}

/**
 * How long the wait is shows when it is heard, as later less of it is left: by the machine's clock, as OpenCode tells its
 * end. Heard again, it is the same wait.
 */
function noteActivity({ signs, clock }: TurnWatchParts, activity: Activity): void {
  if (activity.type !== 'retry') return;
  const { retrying } = signs;
  if (retrying?.attempt === activity.attempt && retrying.nextAtMs === activity.nextAtMs) return;
  const waitMs = activity.nextAtMs - Date.now();
  const resetAtMs = isNamedByProvider(activity, waitMs) ? Date.parse(clock.now()) + waitMs : null;
  signs.retrying = { ...activity, resetAtMs };
}

/** What the provider's answer brings. That OpenCode is busy again only says that it asks again. */
const PROGRESS: ReadonlySet<SessionEvent['type']> = new Set(['delta', 'tool', 'step_finished']);
