import type { Approval } from '@oio/contracts';

/** What has become of what the agents of a session asked for, as the session's owner has committed it. */
export interface ApprovalRecords {
  /** Those that wait, and those of these requests of OpenCode's. Throws `UnavailableError` when the store cannot be asked. */
  of(sessionId: string, requestIds: readonly string[]): Promise<readonly Approval[]>;
}
