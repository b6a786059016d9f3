import type { NewGraph, ReplyOf, createGraph as contract, Violation } from '@oio/contracts';
import type { SessionSnapshot } from '@oio/domain';
import { ConflictError, InvalidError } from '@oio/errors';
import type { Envelope } from '@oio/messaging';
import type { SessionCommit } from '@oio/persistence';
import { derivedId, newId } from '@oio/runtime';
import { untilClear } from './commit-entry.ts';
import { birthOf, type CreateParts, type IdentifiedSession, inspect } from './create-session.ts';
import { followUp } from './execute-command.ts';
import { resolveGraph } from './graph-order.ts';

type Reply = ReplyOf<typeof contract>;

/** Accepts a graph: every session of it is checked, then all are committed by one statement, or none is. */
export async function createGraph(parts: CreateParts, graph: NewGraph, envelope: Envelope): Promise<Reply> {
  parts.worker.assertUnfenced();
  const base = envelope.sessionId ?? newId();
  // From all that the graph says: two graphs never share some of their ids, all are taken or none.
  const order = [envelope.tenant, envelope.id, graph];
  const sessions = resolveGraph(graph, (index) => derivedId(base, order, index));
  const names = graph.sessions.map(({ name }) => name);
  const births = await check(parts, sessions, envelope);
  const committed =
    births !== null &&
    (await commit(
      parts,
      births.map(({ entry }) => entry),
      envelope.id,
    ));
  if (!births || !committed) return alreadyThere(parts, sessions, names, envelope);
  for (const { entry, effects } of births) {
    parts.sessions.add(entry.next, entry.epoch);
    followUp(parts, entry.next, entry.events, effects);
  }
  return replyOf(
    births.map(({ entry }) => entry.next),
    names,
    'applied',
  );
}

/** Throws with everything that is wrong about any of them. Null for a graph that was accepted: it stays accepted. */
async function check(parts: CreateParts, sessions: readonly IdentifiedSession[], envelope: Envelope) {
  const violations: Violation[] = [];
  const inGraph = new Set(sessions.map(({ id }) => id));
  const births = await Promise.all(
    sessions.map(async (session, index) => {
      try {
        return birthOf(parts, session, { place: await inspect(parts, session, envelope, inGraph) }, envelope);
      } catch (error) {
        if (!(error instanceof InvalidError)) throw error;
        violations.push(...error.violations.map((one) => ({ ...one, field: `sessions.${index}.${one.field}` })));
        return null;
      }
    }),
  );
  if (violations.length === 0) return births.filter((birth) => birth !== null);
  if (await wasAccepted(parts, sessions[0], envelope.id)) return null;
  throw new InvalidError('The graph cannot be accepted.', { violations });
}

/** Whether this call has committed it. */
function commit(parts: CreateParts, entries: readonly SessionCommit[], commandId: string): Promise<boolean> {
  return untilClear(parts.worker, async (wasUnclear) => {
    if (await parts.store.commitTogether(entries)) return true;
    return wasUnclear && (await wasAccepted(parts, entries[0]?.next, commandId));
  });
}

/** All of a graph were accepted, or none. */
async function wasAccepted({ store }: CreateParts, first: { readonly id: string } | undefined, commandId: string) {
  return first !== undefined && (await store.hasOutcome(first.id, commandId));
}

async function alreadyThere(
  parts: CreateParts,
  sessions: readonly IdentifiedSession[],
  names: readonly string[],
  envelope: Envelope,
): Promise<Reply> {
  if (!(await wasAccepted(parts, sessions[0], envelope.id)))
    throw new ConflictError('An id of the graph is already in use.', { code: 'id_taken' });
  const statuses = await parts.store.standing(sessions.map(({ id }) => id));
  const known = sessions.map(({ id }) => ({ id, status: statuses.get(id)?.status ?? ('pending' as const) }));
  return replyOf(known, names, 'repeated');
}

function replyOf(
  sessions: readonly Pick<SessionSnapshot, 'id' | 'status'>[],
  names: readonly string[],
  outcome: Reply['outcome'],
): Reply {
  return { outcome, sessions: sessions.map(({ id, status }, index) => ({ name: names[index] ?? '', id, status })) };
}
