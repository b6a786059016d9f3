import type { Approval, ApprovalAnswer } from '@oio/contracts';
import type { Client } from '@oio/sdk';
import type { Command } from 'commander';
import type { WithClient } from './connect.ts';
import { approvalLines, approvalsTable } from './show-approval.ts';

/** `oio approvals …`: what agents wait for, and the answers to it. */
export function approvalCommands(oio: Command, withClient: WithClient, print: (text: string) => void): void {
  const approvals = oio.command('approvals').description('what agents wait for: permissions and questions');
  const answer = (id: string, given: ApprovalAnswer) =>
    withClient(async (client) => print(approvalLines(await client.answerApproval({ id }, given))));
  approvals
    .command('list', { isDefault: true })
    .description('those that wait for an answer')
    .option('-s, --status <states>', 'pending, answered, expired, withdrawn; separated by commas', 'pending')
    .option('--session <id>', 'only those of one session')
    .option('-n, --limit <count>', 'how many', '50')
    .action(({ status, session, limit }: { status: string; session?: string; limit: string }) =>
      withClient(async (client) => print(approvalsTable(await list(client, { status, session, limit })))),
    );
  approvals
    .command('show <id>')
    .description('one of them, with what would be run or changed')
    .action((id: string) => withClient(async (client) => print(approvalLines(await client.getApproval({ id })))));
  approvals
    .command('allow <id>')
    .description('allow it, this once')
    .action((id: string) => answer(id, { action: 'allow' }));
  approvals
    .command('deny <id> [message]')
    .description('deny it; the agent is told the message, and goes on')
    .action((id: string, message?: string) => answer(id, { action: 'deny', ...(message && { message }) }));
  approvals
    .command('answer <id> <text...>')
    .description('answer a question: one text for each part of it')
    .action((id: string, texts: string[]) => answer(id, { action: 'answer', answers: texts.map((text) => [text]) }));
}

interface Listing {
  readonly status: string;
  readonly session: string | undefined;
  readonly limit: string;
}

async function list(client: Client, { status, session, limit }: Listing): Promise<readonly Approval[]> {
  const query = { status, limit, ...(session && { sessionId: session }) };
  return (await client.listApprovals(query)).approvals;
}
