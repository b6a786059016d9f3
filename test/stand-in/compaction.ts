import { workOf } from './directive.ts';
import type { EventHub } from './event-hub.ts';
import { newId } from './new-id.ts';
import { Reply } from './reply.ts';
import type { Store } from './store.ts';
import { type Message, NO_USAGE, type Part, type Session, type UserInfo } from './wire.ts';

/** OpenCode sums a conversation up: a user message of its own, the summary under it, and another one that says to go on. */
export function sumUp(
  world: { readonly store: Store; readonly hub: EventHub },
  session: Session,
  prompt: Message,
): void {
  const write = (part: { readonly type: string; readonly [field: string]: unknown }): UserInfo => {
    const own: UserInfo = { ...(prompt.info as UserInfo), id: newId('msg'), time: { created: Date.now() } };
    const added: Part = { id: newId('prt'), sessionID: session.id, messageID: own.id, ...part };
    world.store.putMessage({ info: own, parts: [added] });
    world.hub.publish(session.directory, 'message.updated', { info: own });
    return own;
  };
  const summary = new Reply(world, session.directory, write({ type: 'compaction', auto: true }), { summary: true });
  summary.beginText().end('What was done so far.');
  summary.finish('stop', NO_USAGE);
  world.hub.publish(session.directory, 'session.compacted', { sessionID: session.id });
  const said = prompt.parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('\n');
  // What was too long once is no longer; what is always too long stays so.
  const goOn = workOf(said).error === 'overflow' ? said : '';
  write({ type: 'text', synthetic: true, text: `Continue. ${goOn}` });
}
