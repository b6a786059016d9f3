import { bash, type Script } from '@oio/scripted-model';

/** The tools of a turn, one after the other. */
export const TRACED_STEPS = [1, 2, 3, 4];
export const TRACE = 'trace.txt';
/** Comes out a few characters at a time, so that a turn also stands still in the middle of an answer. */
const WORDS = 'First I say at some length what I am going to do now, so that this takes its time. '.repeat(2);
export const LAST_WORDS = 'All steps are done.';

/** What the prompt of a session says. */
export function tracedPrompt(session: number): string {
  return `Leave the traces of trial-${session}.`;
}

/** What a step of a session leaves behind when it begins and when it ends. */
export function traceOf(session: number, step: number) {
  return { begun: `begun trial-${session}. step ${step}`, ended: `ended trial-${session}. step ${step}` };
}

/** Every tool leaves a line when it begins and one when it ends. */
export const TRACED_TURN: Script = {
  name: 'traced-turn',
  matches: ({ prompts }) => sessionIn(prompts) !== null,
  steps: [
    ...TRACED_STEPS.map((step): Script['steps'][number] => ({ prompts }) => {
      const { begun, ended } = traceOf(sessionIn(prompts) ?? 0, step);
      const command = `echo '${begun}' >> ${TRACE}; sleep 0.6; echo '${ended}' >> ${TRACE}`;
      return { text: WORDS, toolCalls: [bash(command)] };
    }),
    { text: LAST_WORDS },
  ],
};

function sessionIn(prompts: readonly string[]): number | null {
  const found = /trial-(\d+)\./.exec(prompts.join('\n'));
  return found ? Number(found[1]) : null;
}
