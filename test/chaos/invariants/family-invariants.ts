import { sqlInvariant } from './invariant.ts';

const UNENDED = `('pending', 'queued', 'running', 'paused', 'degraded')`;
const CHILD_WITH_PARENT = `sessions c join sessions p on p.id = c.parent_id join session_events b on b.session_id = p.id and b.seq = 1`;
const POLICY = `b.data -> 'session' ->> 'childPolicy'`;

/** Parents that still count as succeeded in part, though all of their children have succeeded. */
export const INCOMPLETE_PARENTS = `select p.id from sessions p join sessions c on c.parent_id = p.id
  where p.status = 'partially_completed' group by p.id having bool_and(c.status in ('completed', 'partially_completed'))`;

/** What parents and children owe each other. */
export const familyInvariants = [
  sqlInvariant(
    'I12',
    'A parent that ends ends its living children by its policy; one that somebody retried since then goes on.',
    `select format('session %s is %s, and its parent %s (%s) is %s', c.id, c.status, p.id, ${POLICY}, p.status) as breach
     from ${CHILD_WITH_PARENT}
     where c.status in ${UNENDED} and p.status not in ${UNENDED} and ${POLICY} <> 'detach' and not exists (
       select 1 from session_events e where e.session_id = c.id and e.type = 'session.queued'
         and e.data ->> 'from' <> 'pending' and e.cause ->> 'kind' = 'principal' and e.at >= (p.state ->> 'statusUpdatedAt')::timestamptz)`,
    { continuous: false },
  ),
  sqlInvariant(
    'I12',
    'What a child becomes by the end of its parent is what the policy says.',
    `select format('session %s: %s by the end of its parent %s (%s)', c.id, e.type, p.id, ${POLICY}) as breach
     from ${CHILD_WITH_PARENT} join session_events e on e.session_id = c.id
     where e.data -> 'failure' ->> 'code' = 'parent_ended' and case ${POLICY}
       when 'cancel' then e.type not in ('session.cancelled', 'session.stopped')
       when 'orphan' then e.type <> 'session.orphaned'
       else true end`,
  ),
  sqlInvariant(
    'I12',
    'A parent that succeeded in part is complete once all of its children have succeeded.',
    `select format('session %s is partially_completed, and all of its children have succeeded', id) as breach
     from (${INCOMPLETE_PARENTS}) as p`,
    { continuous: false },
  ),
];
