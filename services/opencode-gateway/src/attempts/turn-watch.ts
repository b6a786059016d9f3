import type { AttemptOrder, ResumePoint } from '@oio/contracts';
import type { Bus } from '@oio/messaging';
import type { Activity, SessionEvent, SessionRef } from '../ports.ts';
import type { ServerLink } from '../server-link.ts';
import { announceOutput } from './live-output.ts';
import type { WakeUp } from './wake-up.ts';

/** Events come in bursts, and OpenCode says idle before it stores an error: what they announce is read a moment later. */
const SETTLE_MS = 100;

/** What the events of a turn have told so far and no reading of the messages tells. */
export interface TurnSigns {
  retrying: Extract<Activity, { type: 'retry' }> | null;
  todos: ResumePoint['todos'];
}

export interface TurnWatchParts {
  readonly link: ServerLink;
  readonly bus: Bus;
  readonly order: AttemptOrder;
  readonly ref: SessionRef;
  readonly signs: TurnSigns;
  readonly onEvent: (event: SessionEvent) => void;
  readonly wakeUp: WakeUp;
  readonly signal: AbortSignal;
}

/** Follows the events of a session, over restarts of its server, until the signal comes. */
export async function watchTurn(parts: TurnWatchParts): Promise<void> {
  const { link, ref, signal, wakeUp } = parts;
  while (!signal.aborted) {
    await link.waitUntilUp(signal);
    const events = link
      .agent()
      .events({ signal, filter: (event) => 'sessionId' in event && event.sessionId === ref.sessionId });
    for await (const event of events) {
      if ('sessionId' in event) take(parts, event);
      else wakeUp.ring();
    }
    // The stream ended because the connection was given up; the next one comes with the server.
    wakeUp.ring();
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }
}

function take({ bus, order, signs, onEvent, wakeUp }: TurnWatchParts, event: SessionEvent): void {
  onEvent(event);
  announceOutput(bus, order, event);
  if (event.type === 'todos') signs.todos = event.todos.map(({ content, status }) => ({ content, status }));
  if (event.type === 'activity') signs.retrying = event.activity.type === 'retry' ? event.activity : null;
  if (event.type !== 'delta' && event.type !== 'tool') wakeUp.ring(SETTLE_MS);
}
