import type { Conversation } from './conversation.ts';
import type { Reply, Script } from './script.ts';

/** A reply and where it comes from, for those who look at the recorded requests. */
export interface ChosenReply {
  /** Null for a side call, such as the one for a title, and when no script matches. */
  readonly script: string | null;
  /** The index of the step; one past the last when the script is at its end. */
  readonly step: number;
  readonly reply: Reply;
}

/** Chooses what to say from the conversation alone. Null when no script matches. */
export function nextReply(scripts: readonly Script[], conversation: Conversation): ChosenReply | null {
  if (isSideCall(conversation)) return { script: null, step: 0, reply: { text: sideAnswer(conversation) } };
  const script = scripts.find((candidate) => candidate.matches(conversation));
  if (!script) return null;
  const index = conversation.steps.length;
  const step = script.steps[index] ?? { text: 'That was all.' };
  return {
    script: script.name,
    step: Math.min(index, script.steps.length),
    reply: typeof step === 'function' ? step(conversation) : step,
  };
}

/** OpenCode also asks for titles and summaries. These calls have instructions but no tools; an agent's always have some. */
function isSideCall({ system, tools }: Conversation): boolean {
  return system !== '' && tools.length === 0;
}

function sideAnswer({ system, prompts }: Conversation): string {
  if (!/title generator/i.test(system)) return `The work went on as the script says. ${marksIn(prompts)}`.trim();
  return (prompts.at(-1) ?? '').trim().split(/\s+/).slice(0, 6).join(' ') || 'Scripted session';
}

/** A conversation that was summed up is still under the same script. */
function marksIn(prompts: readonly string[]): string {
  return [...new Set(prompts.join('\n').match(/\[\[[^\]]*\]\]/g))].join(' ');
}
