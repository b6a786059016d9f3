import { type NewGraph, type NewSession, sessionId, type Violation } from '@oio/contracts';
import { placeholderViolations } from '@oio/domain';
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

/** How many sessions of a circle are named. */
const SHOWN = 8;

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
  // Of one that depends on others this is looked at with the rest of its dependencies.
  if (!dependsOn?.length)
    for (const wrong of placeholderViolations(rest.prompt, []))
      violations.push({ ...wrong, field: `sessions.${index}.${wrong.field}` });
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

/** Sessions that depend on themselves, by way of others or not. */
function cycles(sessions: readonly GraphSession[], indexOf: ReadonlyMap<string, number>): Violation[] {
  const edges = sessions.map(({ dependsOn = [] }) => dependsOn.flatMap(({ session }) => indexOf.get(session) ?? []));
  return sessions.flatMap(({ name }, index) => {
    const way = wayBack(edges, index)?.map((at) => sessions[at]?.name);
    if (!way) return [];
    const shown = way.length > SHOWN ? [...way.slice(0, SHOWN), '…'] : way;
    const message = `${name} depends on itself: ${[name, ...shown, name].join(' → ')}.`;
    return [{ field: `sessions.${index}.dependsOn`, code: 'cycle', message }];
  });
}

/** The shortest way from a session over what it depends on back to it, without itself; null when there is none. */
function wayBack(edges: readonly (readonly number[])[], start: number): number[] | null {
  const cameFrom = new Map<number, number>();
  const reached = [start];
  for (const at of reached)
    for (const next of edges[at] ?? []) {
      if (next === start) return wayTo(at, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      reached.push(next);
    }
  return null;
}

function wayTo(end: number, cameFrom: ReadonlyMap<number, number>): number[] {
  const way: number[] = [];
  for (let at: number | undefined = end; at !== undefined && cameFrom.has(at); at = cameFrom.get(at)) way.unshift(at);
  return way;
}
