import { z } from 'zod';
import { requestContract } from './contract.ts';
import { dependsOnInGraph, localName } from './dependencies.ts';
import { listOfSessions, newSession } from './new-session.ts';
import { STATUSES } from './vocabulary.ts';

/** The most sessions of a graph: they are committed in one statement. */
const MOST = 200;

const graphSession = newSession.omit({ id: true, parentId: true, dependsOn: true, onConflict: true }).extend({
  name: localName.describe('What other sessions of the graph call this one.'),
  dependsOn: dependsOnInGraph,
});

/** Sessions that depend on each other, submitted all or none. */
export const newGraph = z.strictObject({ sessions: listOfSessions(graphSession, MOST) }).meta({ id: 'NewGraph' });
export type NewGraph = z.output<typeof newGraph>;
export type NewGraphInput = z.input<typeof newGraph>;

/** What was accepted, in the order of the request. */
export const acceptedGraph = z
  .object({ sessions: z.array(z.object({ name: z.string(), id: z.string(), status: z.enum(STATUSES) })) })
  .meta({ id: 'AcceptedGraph' });
export type AcceptedGraph = z.output<typeof acceptedGraph>;

/** Answered by any session-actor. Safe to repeat: all ids follow from those of the envelope. */
export const createGraph = requestContract({
  subject: 'session.create-graph',
  summary: 'Accept a graph of sessions, all or none.',
  payload: newGraph,
  reply: acceptedGraph.extend({ outcome: z.enum(['applied', 'repeated']) }),
});
