import { type AttemptOrder, sessionOutput } from '@oio/contracts';
import type { Bus } from '@oio/messaging';
import type { SessionEvent } from '../agent-server/events.ts';

const LONGEST = 16_384;

/** Passes on what the agent does, for those who watch; nothing of it is stored. */
export function announceOutput(bus: Bus, order: AttemptOrder, event: SessionEvent): void {
  const about = { sessionId: order.sessionId, tenant: order.tenant };
  if (event.type === 'delta')
    bus.announce(sessionOutput, { ...about, kind: event.kind, text: event.text.slice(0, LONGEST) });
  if (event.type === 'tool') {
    const { tool, status, title } = event.call;
    bus.announce(sessionOutput, {
      ...about,
      kind: 'tool',
      text: (title ?? tool).slice(0, LONGEST),
      tool,
      state: status,
    });
  }
  if (event.type === 'todos') {
    const list = event.todos.map(({ content, status }) => `${status}: ${content}`).join('\n');
    bus.announce(sessionOutput, { ...about, kind: 'todos', text: list.slice(0, LONGEST) });
  }
  if (event.type === 'activity' && event.activity.type === 'retry') {
    bus.announce(sessionOutput, {
      ...about,
      kind: 'status',
      text: event.activity.message.slice(0, LONGEST),
      state: 'retry',
    });
  }
}
