import type { Approval, ApprovalAnswer, Asked, SessionCommandPayload } from '@oio/contracts';
import type { Database } from '@oio/persistence';

/** The records of one session, as its owner would commit them. */
export class FakeApprovals {
  readonly #database: Database;
  readonly #sessionId: string;
  /** What the rules of the session say at once; null: somebody has to answer. */
  ruling: (asked: Asked) => ApprovalAnswer | null = ({ kind }) =>
    kind === 'question' ? { action: 'deny' } : { action: 'deny', message: 'no' };

  constructor(database: Database, sessionId: string) {
    this.#database = database;
    this.#sessionId = sessionId;
  }

  async enter({ approvalId, asked }: SessionCommandPayload<'report-approval'>): Promise<void> {
    const answer = this.ruling(asked);
    const record = {
      ...asked,
      id: approvalId,
      sessionId: this.#sessionId,
      status: answer ? 'answered' : 'pending',
      answer,
    };
    await this.#database.query(INSERT, [
      approvalId,
      this.#sessionId,
      record.status,
      asked.requestId,
      JSON.stringify(record),
    ]);
  }

  answer(record: Approval, answer: ApprovalAnswer, status: Approval['status'] = 'answered'): Promise<void> {
    return this.#close({ ...record, status, answer });
  }

  async withdraw(requestId: string): Promise<void> {
    const found = (await this.all()).find((record) => record.requestId === requestId);
    if (found?.status === 'pending') await this.#close({ ...found, status: 'withdrawn' });
  }

  async all(): Promise<readonly Approval[]> {
    const sql = 'select record from approvals where session_id = $1::uuid order by id';
    return (await this.#database.query<{ record: Approval }>(sql, [this.#sessionId])).map(({ record }) => record);
  }

  async #close(record: Approval): Promise<void> {
    const sql = 'update approvals set status = $2, record = $3 where id = $1::uuid';
    await this.#database.query(sql, [record.id, record.status, JSON.stringify(record)]);
  }
}

const INSERT = `
insert into approvals (id, session_id, tenant, status, request_id, record) values ($1::uuid, $2::uuid, 'acme', $3, $4, $5)`;
