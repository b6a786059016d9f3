import { reportCompleted } from '@oio/contracts';
import test from 'ava';
import { TurnProgress } from '../../src/attempts/turn-progress.ts';
import { PROMPT_ID, reply, userMessage } from '../support/messages.ts';

test('of a turn that went on for long while no gateway saw it, its end tells no more than it may; the rest is told before', async (t) => {
  const told: string[] = [];
  const parts = {
    order: { messageId: PROMPT_ID, lastStepId: null, resume: null, counted: {} },
    ref: { sessionId: 'ses_1', directory: '/w' },
    reporter: {
      report: async (name: string, about: string) => {
        told.push(`${name} ${about}`);
        return 'running' as const;
      },
    },
    files: async () => 'the files as they are now',
  };
  const progress = new TurnProgress(parts as unknown as ConstructorParameters<typeof TurnProgress>[0], { todos: [] });
  const replies = Array.from({ length: 1_200 }, (_none, index) => reply(index + 1));
  await progress.follow([userMessage(), ...replies], { isOver: true });
  const { steps, resume } = progress.soFar();
  t.true(reportCompleted.shape.steps.safeParse(steps).success, `${steps.length} steps`);
  const all = replies.map((_reply, index) => `prt_step_${index + 1}`);
  t.deepEqual(
    [...told.map((one) => one.replace('report-step ', '')), ...steps.map(({ stepId }) => stepId)],
    all,
    'each once, in their order',
  );
  t.is(resume.lastMessageId, replies.at(-1)?.id ?? null);
});
