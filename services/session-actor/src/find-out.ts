import { snapshotWorkspace } from '@oio/contracts';
import {
  allowedCommands,
  type DecisionContext,
  isWorking,
  type SessionCommand,
  type SessionSnapshot,
} from '@oio/domain';
import { type Envelope, serviceEnvelope } from '@oio/messaging';
import type { GatewayRouter } from '@oio/ownership';
import { type Logger, unlessAborted } from '@oio/runtime';
import type { SessionStore } from './ports.ts';

export interface FindingParts {
  readonly gateways: GatewayRouter;
  readonly store: Pick<SessionStore, 'checkpoint'>;
  /** Aborted with the refusal to give when the worker is about to hand its sessions over. */
  readonly leaving: AbortSignal;
  readonly logger: Logger;
}

/** What a decision depends on besides the session, found out outside of the session's turn. */
export type Findings = Pick<DecisionContext, 'fileSnapshot' | 'checkpoint'>;

/**
 * Has the files kept for a checkpoint that is to be made now, and looks up one that is named. Nothing for other commands, and
 * for a timer whose files cannot be kept: its checkpoint names those of the last one. Throws what `GatewayRouter.read`
 * throws when a person has asked, and `fenced` once the worker is leaving: to keep the files of a large workspace takes minutes, and until all
 * commands are answered nobody else may take over any session of this worker.
 */
export async function findOut(
  parts: FindingParts,
  session: SessionSnapshot,
  command: SessionCommand,
  envelope: Envelope,
): Promise<Findings> {
  if (!makesCheckpoint(session, command)) return {};
  if (command.name !== 'revert') return presentFiles(parts, session, command, envelope);
  const checkpoint = await parts.store.checkpoint(session.id, command.payload.checkpoint);
  return checkpoint ? { ...(await presentFiles(parts, session, command, envelope)), checkpoint } : { checkpoint };
}

async function presentFiles(
  { gateways, leaving, logger }: FindingParts,
  { id, workspace, attempt, tenant }: SessionSnapshot,
  command: SessionCommand,
  envelope: Envelope,
): Promise<Findings> {
  if (!workspace || !attempt) return {};
  const causedBy = serviceEnvelope('session-actor', { causedBy: { ...envelope, tenant } });
  const asked = { sessionId: id, workspace };
  try {
    const kept = gateways.read(snapshotWorkspace, asked, causedBy, { serverId: attempt.serverId });
    // What was asked for goes on; the next owner asks for the same again.
    const { commit } = await unlessAborted(kept, leaving);
    return { fileSnapshot: commit };
  } catch (error) {
    if (command.name !== 'fire-timer' || leaving.aborted) throw error;
    logger.warn({ err: error, sessionId: id }, 'files of a checkpoint not kept');
    return {};
  }
}

function makesCheckpoint(session: SessionSnapshot, { name, payload }: SessionCommand): boolean {
  if (name === 'fire-timer') return payload.name === 'checkpoint' && isWorking(session.status);
  return (name === 'checkpoint' || name === 'revert') && allowedCommands(session).includes(name);
}
