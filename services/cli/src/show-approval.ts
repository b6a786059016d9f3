import type { Approval, ApprovalAnswer } from '@oio/contracts';
import Table from 'cli-table3';
import { printable } from './printable.ts';

/** What waits, in one line each, for a session that is shown. */
export function waitingLine({ id, tool, deadline, ...approval }: Approval): string {
  return printable(`${id}  ${tool}: ${subjectOf(approval)} (until ${deadline})`);
}

/** Approvals as a table. */
export function approvalsTable(approvals: readonly Approval[]): string {
  const table = new Table({ head: ['id', 'session', 'status', 'asks for', 'what', 'deadline'], style: PLAIN });
  for (const approval of approvals) {
    const { id, sessionId, status, tool, deadline } = approval;
    table.push([id, sessionId, status, printable(tool), printable(shortened(subjectOf(approval))), deadline]);
  }
  return table.toString();
}

const PLAIN = { head: [], border: [] };
const SHOWN = 60;

function shortened(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length <= SHOWN && line === text ? line : `${line.slice(0, SHOWN - 1)}…`;
}

function subjectOf({
  command,
  file,
  patterns,
  questions,
}: Pick<Approval, 'command' | 'file' | 'patterns' | 'questions'>) {
  return command ?? file ?? questions[0]?.question ?? patterns.join(', ');
}

/** One approval, line by line; what is not known is left out. */
export function approvalLines(approval: Approval): string {
  const { id, sessionId, status, tool, fromSubSession, patterns, command, file, diff, questions } = approval;
  const rows: readonly (readonly [string, string | null])[] = [
    ['id', id],
    ['session', `${sessionId}${fromSubSession ? ' (a sub-agent of it)' : ''}`],
    ['status', status],
    ['asks for', tool],
    ['on', patterns.join(', ') || null],
    ['command', command],
    ['file', file],
    ['asked', approval.askedAt],
    ['deadline', approval.deadline],
    ['default', textOf(approval.default)],
    ['answer', approval.answer && textOf(approval.answer)],
    ['by', approval.answeredBy && `${approval.answeredBy.kind} ${approval.answeredBy.id}`],
    ['why', approval.detail],
  ];
  const lines = rows.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(10)} ${value}`]));
  const asked = questions.flatMap(({ question, options }) => [
    '',
    question,
    ...options.map(({ label, description }) => `  ${label}${description ? `: ${description}` : ''}`),
  ]);
  return printable([...lines, ...asked, ...(diff ? ['', diff] : [])].join('\n'));
}

function textOf(answer: ApprovalAnswer): string {
  if (answer.action === 'allow') return 'allow once';
  if (answer.action === 'answer') return answer.answers.map((texts) => texts.join(', ')).join(' | ');
  return answer.message ? `deny: ${answer.message}` : 'deny';
}
