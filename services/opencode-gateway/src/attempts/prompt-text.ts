import type { AttemptOrder } from '@oio/contracts';

/** What the agent is told: the task; in a later attempt also how far the one before it came. */
export function promptText(order: AttemptOrder, sameConversation: boolean): string {
  if (order.attempt === 1 || order.previousFailure === null) return order.prompt;
  const before = sameConversation ? 'What you have done so far stands above.' : told(order);
  return [
    `The attempt before this one ended early: ${order.previousFailure}`,
    before,
    'Look at the present state of the files, keep what is good, and bring the task to its end. The task is:',
    order.prompt,
  ].join('\n\n');
}

/** For a new conversation that knows nothing of the old one. */
function told({ resume }: AttemptOrder): string {
  const todos = resume?.todos ?? [];
  if (todos.length === 0) return 'Its conversation is lost; its changes are in the working directory.';
  const list = todos.map(({ content, status }) => `- [${status === 'completed' ? 'x' : ' '}] ${content}`);
  return `Its conversation is lost; its changes are in the working directory. Its to-do list was:\n${list.join('\n')}`;
}
