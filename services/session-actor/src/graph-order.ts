import { type NewGraph, type NewSession, sessionId, type Violation } from '@oio/contracts';
import { InvalidError } from '@oio/errors';

type GraphSession = NewGraph['sessions'][number];
type Identified = NewSession & { readonly id: string };

/** The sessions of a graph with the ids in place of their names; throws `InvalidError` for a graph that contradicts itself. */
export function resolveGraph({ sessions }: NewGraph, idOf: (index: number) => string): Identified[] {
  const indexOf = new Map(sessions.map(({ name }, index) => [name, index] as const).reverse());
  const violations = [...duplicates(sessions, indexOf), ...cycles(sessions, indexOf)];
  const resolved = sessions.map((session, index) =>
    resolve(session, idOf(index), { index, indexOf, idOf, violations }),
  );
  if (violations.length > 0) throw new InvalidError('The graph cannot be accepted.', { violations });
  return resolved;
}

interface Resolving {
  readonly index: number;
  readonly indexOf: ReadonlyMap<string, number>;
  readonly idOf: (index: number) => string;
  readonly violations: Violation[];
}

function resolve(session: GraphSession, id: string, { index, indexOf, idOf, violations }: Resolving): Identified {
  const { name, dependsOn, ...rest } = session;
  const resolved = dependsOn?.map((dependency, place) => {
    const local = indexOf.get(dependency.session);
    if (local !== undefined) return { name: dependency.session, ...dependency, session: idOf(local) };
    const known = sessionId.safeParse(dependency.session);
    if (!known.success)
      violations.push({
        field: `sessions.${index}.dependsOn.${place}.session`,
        code: 'not_found',
        message: `${name} depends on ${dependency.session}, which is neither in the graph nor an id.`,
      });
    return { ...dependency, session: known.data ?? dependency.session };
  });
  return { ...rest, id, parentId: null, ...(resolved && { dependsOn: resolved }) };
}

function duplicates(sessions: readonly GraphSession[], indexOf: ReadonlyMap<string, number>): Violation[] {
  return sessions.flatMap(({ name }, index) =>
    indexOf.get(name) === index
      ? []
      : [
          {
            field: `sessions.${index}.name`,
            code: 'duplicate',
            message: `The graph has several sessions called ${name}.`,
          },
        ],
  );
}

/** Sessions are taken away as long as one depends on nothing that is left; what cannot be taken away goes round in circles. */
function cycles(sessions: readonly GraphSession[], indexOf: ReadonlyMap<string, number>): Violation[] {
  const left = new Set(sessions.keys());
  const isFree = (index: number): boolean =>
    !(sessions[index]?.dependsOn ?? []).some(({ session }) => left.has(indexOf.get(session) ?? -1));
  for (let free = [...left].filter(isFree); free.length > 0; free = [...left].filter(isFree))
    for (const index of free) left.delete(index);
  return [...left].map((index) => ({
    field: `sessions.${index}.dependsOn`,
    code: 'cycle',
    message: `Session ${sessions[index]?.name} is in, or behind, a circle of sessions that depend on each other.`,
  }));
}
