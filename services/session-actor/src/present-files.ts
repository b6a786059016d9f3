import { snapshotWorkspace } from '@oio/contracts';
import { allowedCommands, isWorking, type SessionCommand, type SessionSnapshot } from '@oio/domain';
import { type Envelope, serviceEnvelope } from '@oio/messaging';
import type { GatewayRouter } from '@oio/ownership';
import type { Logger } from '@oio/runtime';

export interface FilesParts {
  readonly gateways: GatewayRouter;
  readonly logger: Logger;
}

/**
 * Has the files kept for a checkpoint that is to be made now. Nothing for other commands, and for a timer whose files cannot
 * be kept: its checkpoint names those of the last one. Throws what `GatewayRouter.read` throws when a person has asked.
 */
export async function presentFiles(
  { gateways, logger }: FilesParts,
  session: SessionSnapshot,
  command: SessionCommand,
  envelope: Envelope,
): Promise<{ readonly fileSnapshot?: string | null }> {
  const { id, workspace, attempt, tenant } = session;
  if (!workspace || !attempt || !makesCheckpoint(session, command)) return {};
  const causedBy = serviceEnvelope('session-actor', { causedBy: { ...envelope, tenant } });
  const asked = { sessionId: id, workspace };
  try {
    const { commit } = await gateways.read(snapshotWorkspace, asked, causedBy, { serverId: attempt.serverId });
    return { fileSnapshot: commit };
  } catch (error) {
    if (command.name !== 'fire-timer') throw error;
    logger.warn({ err: error, sessionId: id }, 'files of a checkpoint not kept');
    return {};
  }
}

function makesCheckpoint(session: SessionSnapshot, { name, payload }: SessionCommand): boolean {
  if (name === 'fire-timer') return payload.name === 'checkpoint' && isWorking(session.status);
  return name === 'checkpoint' && allowedCommands(session).includes(name);
}
