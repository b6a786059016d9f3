import { z } from 'zod';
import { came } from './excerpt.ts';
import { text, visibleText } from './fields.ts';
import { reportedText } from './json.ts';

const APPROVAL_KINDS = ['permission', 'question'] as const;
/** `answered`: by somebody, or by the rules of the session. `expired`: the default was given. `withdrawn`: nothing waits for it any more. */
export const APPROVAL_STATUSES = ['pending', 'answered', 'expired', 'withdrawn'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** How much of a question of an agent is kept, in characters and entries; a reporter cuts what is longer. */
export const ASKED_AT_MOST = {
  patterns: 50,
  pattern: 500,
  command: 4_000,
  file: 4_096,
  diff: 16_000,
  questions: 10,
  question: 2_000,
  options: 20,
  label: 200,
  description: 500,
} as const;

function upTo(length: number) {
  return reportedText.max(length);
}

const askedQuestion = z.object({
  header: upTo(ASKED_AT_MOST.label),
  question: upTo(ASKED_AT_MOST.question),
  options: z
    .array(z.object({ label: upTo(ASKED_AT_MOST.label), description: upTo(ASKED_AT_MOST.description) }))
    .max(ASKED_AT_MOST.options),
  multiple: z.boolean().describe('Whether more than one option may be chosen.'),
});

/** What an agent wants to be allowed, or to know. */
export const asked = z.object({
  kind: z.enum(APPROVAL_KINDS),
  /** The id that OpenCode has given it. */
  requestId: z.string(),
  openCodeSessionId: z.string(),
  fromSubSession: z.boolean().describe('Whether a sub-session of the agent asks.'),
  tool: z.string().max(200).describe('The permission that is asked for, such as bash; of a question: question.'),
  patterns: z.array(upTo(ASKED_AT_MOST.pattern)).max(ASKED_AT_MOST.patterns),
  command: upTo(ASKED_AT_MOST.command).nullable(),
  file: upTo(ASKED_AT_MOST.file).nullable(),
  diff: upTo(ASKED_AT_MOST.diff).nullable().describe('What would be changed; cut when it is long.'),
  questions: z.array(askedQuestion).max(ASKED_AT_MOST.questions),
});
export type Asked = z.output<typeof asked>;

const answers = z
  .array(
    z
      .array(visibleText('answer', 2_000), {
        error: (issue) => `The answer to a question must be a list of texts; ${came(issue.input)}.`,
      })
      .min(1, 'The answer to a question must hold at least one text.')
      .max(ASKED_AT_MOST.options, `The answer to a question must hold at most ${ASKED_AT_MOST.options} texts.`),
    {
      error: (issue) =>
        `answers must be a list with one list of texts for each question, in their order; ${came(issue.input)}.`,
    },
  )
  .min(1, 'answers must not be empty.');

/**
 * An answer. There is no "always": a permission is given for once. `deny` tells the agent why not, and its run goes on; a
 * question that is denied without a message is dismissed, which ends the turn as `question_unanswered`.
 */
export const approvalAnswer = z.discriminatedUnion(
  'action',
  [
    z.strictObject({ action: z.literal('allow') }),
    z.strictObject({ action: z.literal('deny'), message: visibleText('message', 2_000).optional() }),
    z.strictObject({ action: z.literal('answer'), answers }),
  ],
  {
    error: (issue) =>
      issue.code === 'invalid_union'
        ? 'action must be one of allow, deny and answer.'
        : `An answer must be an object with an action; ${came(issue.input)}.`,
  },
);
export type ApprovalAnswer = z.output<typeof approvalAnswer>;

/** Who has answered: a person by name, the rules of the session, or the deadline. */
const answeredBy = z.object({ kind: z.enum(['principal', 'rules', 'deadline']), id: z.string() });

/** A permission or an answer that an agent waits, or has waited, for. */
export const approval = asked
  .extend({
    id: z.string(),
    sessionId: z.string(),
    tenant: z.string(),
    status: z.enum(APPROVAL_STATUSES),
    serverId: z.string(),
    askedAt: z.iso.datetime(),
    deadline: z.iso.datetime().describe('When the default is given.'),
    default: approvalAnswer.describe('The answer that is given when nobody answers before the deadline.'),
    answer: approvalAnswer.nullable(),
    answeredBy: answeredBy.nullable(),
    closedAt: z.iso.datetime().nullable(),
    detail: z.string().nullable().describe('Why it was withdrawn.'),
  })
  .meta({ id: 'Approval' });
export type Approval = z.output<typeof approval>;

/** The id of a record. */
export const approvalId = z.uuid({ error: 'id must be a UUID.' }).toLowerCase();

/** Told of a request of OpenCode's; `approvalId` is the record's if it is a new one. */
export const reportApproval = z.object({ token: z.string(), approvalId: z.string(), asked });
/** OpenCode no longer waits for an answer that it was not given. */
export const reportApprovalGone = z.object({ token: z.string(), requestId: z.string(), detail: text('detail') });
