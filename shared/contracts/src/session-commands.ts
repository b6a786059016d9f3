import { z } from 'zod';
import { approvalAnswer, approvalId, reportApproval, reportApprovalGone } from './approvals.ts';
import { type RequestContract, requestContract } from './contract.ts';
import { boundedText } from './fields.ts';
import { forkPoint } from './fork.ts';
import { json } from './json.ts';
import { reportUsage } from './model-calls.ts';
import { newSession } from './new-session.ts';
import { newPrompt, promptRef } from './prompts.ts';
import {
  reportClosed,
  reportCompleted,
  reportDegraded,
  reportFailed,
  reportPrepared,
  reportRecovered,
  reportResources,
  reportStep,
  reportUnconfirmed,
  reportWarning,
} from './reports.ts';
import { checkpointNumber, revertOutcome } from './revert.ts';
import { sessionView } from './session-view.ts';
import { failure } from './usage.ts';
import { STATUSES } from './vocabulary.ts';

/** What a command did. `outcome` says whether it changed something now, did so when it came the first time, or came too late. */
const commandReply = z.object({
  sessionId: z.string(),
  version: z.int().min(1),
  status: z.enum(STATUSES),
  outcome: z.enum(['applied', 'repeated', 'stale']),
  session: sessionView.nullable(),
});
export type CommandReply = z.output<typeof commandReply>;

function command<P extends z.ZodType>(
  name: string,
  summary: string,
  payload: P,
): RequestContract<P, typeof commandReply> {
  return requestContract({ subject: `session.${name}`, summary, payload, reply: commandReply });
}

const none = z.strictObject({});
const because = z.strictObject({ reason: boundedText('reason', 0, 1_000).optional() });

/** Commands of clients. The session's id, the tenant and the principal are in the envelope. */
export const clientCommands = {
  create: command('create', 'Accept a session.', newSession.extend({ fork: forkPoint.optional() })),
  start: command('start', 'Queue a pending session.', none),
  pause: command('pause', 'Hold a running session: its turn is aborted, its work is kept.', none),
  resume: command('resume', 'Let a paused session go on as soon as a slot is free.', none),
  stop: command('stop', 'End a running or paused session; what it did is kept, and it can be retried.', because),
  cancel: command('cancel', 'Give up a session that does not run.', because),
  retry: command('retry', 'Start a new attempt of a recoverable session from its latest checkpoint.', none),
  checkpoint: command('checkpoint', 'Make a checkpoint now.', z.strictObject({ data: json.default({}) })),
  revert: command(
    'revert',
    'Take the files and the conversation of a session that does not run back to a checkpoint.',
    z.strictObject({ checkpoint: checkpointNumber }),
  ),
  answer: command(
    'answer',
    'Answer what an agent waits for: a permission or a question.',
    z.strictObject({ approvalId, answer: approvalAnswer }),
  ),
  prompt: command('prompt', 'Queue a further prompt: the session goes on with it in its turn.', newPrompt),
  'remove-prompt': command('remove-prompt', 'Take a prompt that still waits out of the queue.', promptRef),
  delete: command('delete', 'Hide a session that has ended; its history is kept.', none),
} as const;

/** Commands of the other services. */
export const internalCommands = {
  dispatch: command(
    'dispatch',
    'Run a waiting session on a server.',
    z.strictObject({ serverId: z.string(), schedulerEpoch: z.int().nullable() }),
  ),
  'fire-timer': command(
    'fire-timer',
    'A timer of the session is due.',
    z.strictObject({ name: z.string(), generation: z.int() }),
  ),
  adopt: command('adopt', 'Take over a session whose owner is gone.', none),
  'add-child': command(
    'add-child',
    'A session was submitted as a part of this one.',
    z.strictObject({ childId: z.string() }),
  ),
  'end-by-parent': command(
    'end-by-parent',
    'The parent has ended: cancel or orphan this session.',
    z.strictObject({ policy: z.enum(['cancel', 'orphan']), parentId: z.string() }),
  ),
  'child-ended': command(
    'child-ended',
    'A child has ended: what succeeded in part may be complete by now.',
    z.strictObject({ childId: z.string() }),
  ),
  'revert-ended': command('revert-ended', 'A session was taken back to a checkpoint, or could not be.', revertOutcome),
  'settle-dependencies': command(
    'settle-dependencies',
    'What this session depends on has ended: it is queued, or ends by its policy.',
    none,
  ),
  supersede: command(
    'supersede',
    'A newer session with the same concurrency key takes the place of this one: it is cancelled, or stopped.',
    z.strictObject({ by: z.string() }),
  ),
  'give-up': command('give-up', 'End a waiting session that can never run.', z.strictObject({ failure })),
  'report-prepared': command(
    'report-prepared',
    'The workspace and the OpenCode session of an attempt are ready.',
    reportPrepared,
  ),
  'report-step': command('report-step', 'The agent has finished a step.', reportStep),
  'report-usage': command(
    'report-usage',
    'What sub-agents took, and calls of models that failed for good.',
    reportUsage,
  ),
  'report-degraded': command('report-degraded', 'The attempt works, but impaired.', reportDegraded),
  'report-recovered': command('report-recovered', 'The attempt is no longer impaired.', reportRecovered),
  'report-warning': command('report-warning', 'Something that a person should know happened.', reportWarning),
  'report-approval': command('report-approval', 'An agent asks for a permission, or a question.', reportApproval),
  'report-approval-gone': command(
    'report-approval-gone',
    'What an agent asked for is not waited for any more.',
    reportApprovalGone,
  ),
  'report-completed': command('report-completed', 'The turn has ended well.', reportCompleted),
  'report-failed': command('report-failed', 'The turn has failed.', reportFailed),
  'report-resources': command(
    'report-resources',
    'What the server took on which the attempt ran alone.',
    reportResources,
  ),
  'report-closed': command('report-closed', 'The turn was ended on request and nothing of it is left.', reportClosed),
  'report-unconfirmed': command(
    'report-unconfirmed',
    'It could not be shown in time that nothing of the turn is left.',
    reportUnconfirmed,
  ),
} as const;

export const sessionCommands = { ...clientCommands, ...internalCommands } as const;
export type SessionCommandName = keyof typeof sessionCommands;
export type ClientCommandName = keyof typeof clientCommands;
export type SessionCommandPayload<N extends SessionCommandName> = z.output<(typeof sessionCommands)[N]['payload']>;
