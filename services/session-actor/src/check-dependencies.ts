import type { Violation } from '@oio/contracts';
import { dependenciesOf, dependencyViolations } from '@oio/domain';
import type { IdentifiedSession } from './create-session.ts';
import type { SessionStore } from './ports.ts';

/** Depending on a session of another tenant is the same as depending on none. Those of `inGraph` come with this one. */
export async function checkDependencies(
  store: Pick<SessionStore, 'standing'>,
  session: IdentifiedSession,
  tenant: string,
  inGraph: ReadonlySet<string>,
): Promise<Violation[]> {
  const dependencies = dependenciesOf(session);
  if (dependencies.length === 0) return [];
  const outside = dependencies.map(({ session: id }) => id).filter((id) => !inGraph.has(id) && id !== session.id);
  const known = await store.standing(outside);
  const unknown = dependencies.flatMap(({ session: id }, index) =>
    outside.includes(id) && known.get(id)?.tenant !== tenant
      ? [{ field: `dependsOn.${index}.session`, code: 'not_found', message: `There is no session ${id} to depend on.` }]
      : [],
  );
  return [...dependencyViolations(session), ...unknown];
}
