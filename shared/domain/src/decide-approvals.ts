import type { Approval, ApprovalAnswer, Asked } from '@oio/contracts';
import { ConflictError, InvalidError, type Violation } from '@oio/errors';
import { current } from './current-run.ts';
import { type Decider, emit, type NewEvent, nothing, type Verdict } from './decision.ts';
import { later } from './instants.ts';
import { rulingOn } from './permission-policy.ts';
import type { SessionSnapshot } from './snapshot.ts';
import { isWorking } from './transitions.ts';

/** So many may wait of one session; what is asked beyond gets its default at once. */
const MOST_WAITING = 50;

const RULED_OUT =
  'The rules of this session do not allow it. Find a way without it, or say at the end what is missing.';
const DENIED = 'A person has denied this. Find a way without it, or say at the end what is missing.';
const UNANSWERED =
  'Nobody has answered in time. Go on without it if there is a way, or say at the end what is missing.';
const UNDECIDED = 'Nobody has answered in time. Choose what a careful colleague would, and name the choice at the end.';

/** What the opencode-gateway tells of the requests of an agent. */
export const approvalReports: {
  readonly [N in 'report-approval' | 'report-approval-gone']: Decider<N>;
} = {
  'report-approval': current((snapshot, { approvalId, asked }, { now }) => {
    const isKnown = snapshot.approvals.some(({ requestId }) => requestId === asked.requestId);
    if (isKnown || !isWorking(snapshot.status)) return nothing;
    const approval = newApproval(snapshot, { id: approvalId, asked, now });
    const requested: NewEvent = { type: 'session.approval-requested', data: { approval } };
    const end = endAtOnce(snapshot, approval, now);
    return emit(end ? [requested, closed(end)] : [requested]);
  }),
  'report-approval-gone': current((snapshot, { requestId, detail }, { now }) => {
    const found = snapshot.approvals.find((approval) => approval.requestId === requestId);
    return found ? emit([closed(withdrawn(found, now, detail))]) : nothing;
  }),
};

/** What a person says. */
export const answer: Decider<'answer'> = (snapshot, payload, { now, cause }) => {
  const found = snapshot.approvals.find(({ id }) => id === payload.approvalId);
  if (!found) return refused(new ConflictError('It no longer waits for an answer.', { code: 'approval_closed' }));
  if (now >= found.deadline)
    return refused(
      new ConflictError(`Its deadline ${found.deadline} has passed; the default is given.`, {
        code: 'approval_expired',
      }),
    );
  const violations = answerViolations(found, payload.answer);
  if (violations.length > 0) return refused(new InvalidError('This is no answer to what was asked.', { violations }));
  const given = inFull(found, payload.answer);
  const by = { kind: 'principal', id: cause.id } as const;
  return emit([closed({ ...found, status: 'answered', answer: given, answeredBy: by, closedAt: now })]);
};

/** Gives the default to whatever nobody has answered in time, and not before. `dueAt` is when the timer was to fire: clocks differ a little. */
export function expireDue(snapshot: SessionSnapshot, now: string, dueAt: string): Verdict {
  const upTo = now > dueAt ? now : dueAt;
  const due = snapshot.approvals.filter(({ deadline }) => deadline <= upTo);
  return due.length === 0 ? nothing : emit(due.map((approval) => closed(expired(approval, upTo))));
}

/** Nobody has to answer any more once the session no longer works: its turn is ended, or being ended. */
export function withWithdrawals(snapshot: SessionSnapshot, verdict: Verdict, now: string): Verdict {
  if (verdict.kind !== 'events' || snapshot.approvals.length === 0) return verdict;
  const to = verdict.events.flatMap(({ data }) => ('to' in data ? [data.to] : [])).at(-1);
  const isNextTurn = verdict.events.some(({ type }) => type === 'session.prompt-started');
  if (!isNextTurn && (to === undefined || isWorking(to))) return verdict;
  const closing = new Set(
    verdict.events.flatMap(({ type, data }) => (type === 'session.approval-closed' ? [data.approval.id] : [])),
  );
  const left = snapshot.approvals.filter(({ id }) => !closing.has(id));
  const events = left.map((approval) =>
    closed(withdrawn(approval, now, isNextTurn ? 'Its turn has ended.' : `The session is ${to}.`)),
  );
  return { ...verdict, events: [...verdict.events, ...events] };
}

interface Newly {
  readonly id: string;
  readonly asked: Asked;
  readonly now: string;
}

function newApproval(snapshot: SessionSnapshot, { id, asked, now }: Newly): Approval {
  const { session, tenant, attempt } = snapshot;
  return {
    ...asked,
    id,
    sessionId: snapshot.id,
    tenant,
    status: 'pending',
    serverId: attempt?.serverId ?? '',
    askedAt: now,
    deadline: later(now, session.approvalSeconds * 1_000),
    default:
      asked.kind === 'question'
        ? { action: 'answer', answers: asked.questions.map(() => [UNDECIDED]) }
        : { action: 'deny', message: UNANSWERED },
    answer: null,
    answeredBy: null,
    closedAt: null,
    detail: null,
  };
}

/** What the rules decide needs nobody; null when somebody has to. */
function endAtOnce({ session, approvals }: SessionSnapshot, approval: Approval, now: string): Approval | null {
  const ruling = rulingOn(session.permissions, approval);
  if (ruling === 'ask') return approvals.length < MOST_WAITING ? null : expired(approval, now);
  const denial: ApprovalAnswer =
    approval.kind === 'question' ? { action: 'deny' } : { action: 'deny', message: RULED_OUT };
  const given: ApprovalAnswer = ruling === 'allow' ? { action: 'allow' } : denial;
  const by = { kind: 'rules', id: 'permissions' } as const;
  return { ...approval, status: 'answered', answer: given, answeredBy: by, closedAt: now };
}

function expired(approval: Approval, now: string): Approval {
  const by = { kind: 'deadline', id: 'default' } as const;
  return { ...approval, status: 'expired', answer: approval.default, answeredBy: by, closedAt: now };
}

function withdrawn(approval: Approval, now: string, detail: string): Approval {
  return { ...approval, status: 'withdrawn', closedAt: now, detail };
}

function closed(approval: Approval): NewEvent {
  return { type: 'session.approval-closed', data: { approval } };
}

function refused(error: ConflictError | InvalidError): Verdict {
  return { kind: 'refused', error };
}

function answerViolations({ kind, questions }: Approval, given: ApprovalAnswer): Violation[] {
  const isFit = given.action === 'deny' || given.action === (kind === 'permission' ? 'allow' : 'answer');
  if (!isFit) {
    const fit = kind === 'permission' ? 'allow or deny' : 'answer or deny';
    return [{ field: 'action', code: 'unfit_answer', message: `A ${kind} can be answered by ${fit} only.` }];
  }
  if (given.action !== 'answer') return [];
  const { answers } = given;
  if (answers.length !== questions.length) {
    const message = `answers must hold one list of texts for each of the ${questions.length} questions; got ${answers.length}.`;
    return [{ field: 'answers', code: 'unfit_answer', message }];
  }
  return questions.flatMap(({ multiple }, index) => {
    const count = answers[index]?.length ?? 0;
    if (multiple || count <= 1) return [];
    const message = `This question takes one answer; got ${count}.`;
    return [{ field: `answers.${index}`, code: 'unfit_answer', message }];
  });
}

/** A refusal without a word would end the turn, and it would look like any other end. */
function inFull({ kind }: Approval, given: ApprovalAnswer): ApprovalAnswer {
  return kind === 'permission' && given.action === 'deny' ? { ...given, message: given.message ?? DENIED } : given;
}
