import type { createSessions as contract, PayloadOf, ReplyOf } from '@oio/contracts';
import { toRefusal } from '@oio/errors';
import type { Envelope } from '@oio/messaging';
import type { GatewayRouter } from '@oio/ownership';
import { type CreateParts, makeSession } from './create-session.ts';

type Reply = ReplyOf<typeof contract>;

/**
 * Accepts many sessions, each for itself: what they have in common is looked at once, and their commits gather. Most of them
 * will wait for long, so that none stays in memory.
 */
export async function createSessions(
  parts: CreateParts,
  { sessions }: PayloadOf<typeof contract>,
  envelope: Envelope,
): Promise<Reply> {
  parts.worker.assertUnfenced();
  const sharing = { ...parts, gateways: askingOnce(parts.gateways) };
  const reply: Reply = { accepted: [], refused: [] };
  const make = async ({ index, id, session }: (typeof sessions)[number]): Promise<void> => {
    const own = { ...envelope, id: `${envelope.id}:${index}`, sessionId: id };
    try {
      const { snapshot } = await makeSession(sharing, session, { envelope: own, keep: false });
      reply.accepted.push({ index, id: snapshot.id, status: snapshot.status });
    } catch (error) {
      reply.refused.push({ index, ...toRefusal(error) });
    }
  };
  await Promise.all(sessions.map(make));
  reply.accepted.sort((a, b) => a.index - b.index);
  reply.refused.sort((a, b) => a.index - b.index);
  return reply;
}

/** Many sessions have the same directory and agent: the same question has one answer. */
function askingOnce(gateways: GatewayRouter): GatewayRouter {
  const answers = new Map<string, Promise<unknown>>();
  return {
    ...gateways,
    read(contract, payload, envelope, options) {
      const question = JSON.stringify([contract.subject, payload]);
      const answer = answers.get(question) ?? gateways.read(contract, payload, envelope, options);
      answers.set(question, answer);
      return answer as ReturnType<typeof gateways.read<typeof contract>>;
    },
  };
}
