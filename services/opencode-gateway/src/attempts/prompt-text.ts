import type { AttemptOrder } from '@oio/contracts';

/** What the agent is told: the task; in a later attempt also how far the one before it came. */
export function promptText(order: AttemptOrder, sameConversation: boolean): string {
  if (order.previousFailure === null)
    return order.earlier ? furtherText(order, sameConversation) : forkedText(order, sameConversation);
  const before = sameConversation ? 'What you have done so far stands above.' : told(order);
  return [
    `The attempt before this one ended early: ${order.previousFailure}`,
    before,
    'Look at the present state of the files, keep what is good, and bring the task to its end. The task is:',
    order.prompt,
  ].join('\n\n');
}

/** A session that goes on from another one is told so: the paths that stand above are those of the other one. */
function forkedText({ forkedFrom, prompt }: AttemptOrder, sameConversation: boolean): string {
  if (!forkedFrom) return prompt;
  const { checkpoint, directory, todos } = forkedFrom;
  const before = sameConversation
    ? `You work on a copy now, in another directory. Leave ${directory ?? 'the directory before'} and everything in it alone.`
    : `Another session has come as far as the files in the working directory show, at its checkpoint ${checkpoint}. Its task was:\n${forkedFrom.prompt}${listed(todos)}`;
  return [before, 'Your task from here on is:', prompt].join('\n\n');
}

/** A further prompt stands for itself in the conversation that it belongs to. */
function furtherText(order: AttemptOrder, sameConversation: boolean): string {
  if (sameConversation) return order.prompt;
  return [`You have worked on this before. ${told(order)}`, 'Your task from here on is:', order.prompt].join('\n\n');
}

/** For a new conversation that knows nothing of the old one. */
function told({ resume, earlier = [] }: AttemptOrder): string {
  const before = earlier.length === 0 ? '' : `\n\nIt was told before:\n\n${earlier.join('\n\n')}`;
  return `Its conversation is lost; its changes are in the working directory.${listed(resume?.todos ?? [])}${before}`;
}

function listed(todos: NonNullable<AttemptOrder['resume']>['todos']): string {
  const list = todos.map(({ content, status }) => `- [${status === 'completed' ? 'x' : ' '}] ${content}`);
  return list.length === 0 ? '' : ` Its to-do list was:\n${list.join('\n')}`;
}
