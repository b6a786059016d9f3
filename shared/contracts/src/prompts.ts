import { z } from 'zod';
import { boundedText, prompt } from './fields.ts';
import { json } from './json.ts';
import { modelUsage } from './model-calls.ts';
import { failureView } from './reason-codes.ts';
import { failure } from './usage.ts';

/** So many further prompts of one session may wait for their turn. */
export const MOST_WAITING_PROMPTS = 20;

/**
 * `queued`: waits for its turn. `running`: it is its turn, also while the session is paused or about to be retried.
 * `cancelled`: taken out, or the session has ended before or instead of it.
 */
export const PROMPT_STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
const endState = z.enum(['succeeded', 'failed', 'cancelled']);

/** A further prompt to a session. */
export const newPrompt = z.strictObject({ prompt: prompt.describe('What to do next, 1–10,000 characters.') });

export const promptId = boundedText('promptId', 1, 200);
export const promptRef = z.strictObject({ promptId });

const instant = z.iso.datetime();

/** A further prompt as clients see it. */
export const followUp = z
  .object({
    id: z.string(),
    prompt: z.string().describe('Cut to 200 characters some time after it has ended; the whole stands in the history.'),
    state: z
      .enum(PROMPT_STATES)
      .describe('`running`: it is its turn, also while the session is paused or about to be retried.'),
    queuedAt: instant,
    queuedBy: z.string(),
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    attempt: z.int().min(1).nullable().describe('The first attempt of the session that worked on it.'),
    usage: modelUsage.nullable().describe('What it took so far, in all its attempts; null before it began.'),
    commit: z.string().nullable().describe('The commit that holds its result.'),
    failure: failureView.nullable().describe('Why it has not succeeded.'),
  })
  .meta({ id: 'FollowUp' });
export type FollowUpView = z.output<typeof followUp>;

export const promptEventData = {
  /** Somebody wants the session to go on with this afterwards. */
  'session.prompt-queued': z.object({ promptId: z.string(), prompt: z.string() }),
  /** Its turn, in an attempt of its own. The attempt before has ended well, and nothing of it works any more. */
  'session.prompt-started': z.object({
    promptId: z.string(),
    attempt: z.int().min(2),
    run: z.int().min(1),
    serverId: z.string(),
    messageId: z.string(),
  }),
  /** What became of a prompt; `promptId` is null for the one that the session was submitted with, which is told only when another one follows. */
  'session.prompt-ended': z.object({
    promptId: z.string().nullable(),
    state: endState,
    failure: failure.nullable(),
    result: json,
    commit: z.string().nullable(),
  }),
} as const;
