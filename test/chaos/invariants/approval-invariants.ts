import { sqlInvariant } from './invariant.ts';

/** What agents asked for, when everything has come to rest. */
export const approvalInvariants = [
  sqlInvariant(
    'I12',
    'What an agent has asked for is answered, given its default, or withdrawn.',
    `select format('session %s (%s): %s, asked at %s, is pending', s.id, s.status, a.id, a.record ->> 'askedAt') as breach
     from approvals a join sessions s on s.id = a.session_id where a.status = 'pending'`,
    { continuous: false },
  ),
  sqlInvariant(
    'I12',
    'No session waits for what has been answered.',
    `select format('session %s (%s) waits for %s, which is %s', s.id, s.status, a.id, a.status) as breach
     from sessions s, json_array_elements(coalesce(s.state -> 'approvals', '[]')) w join approvals a on a.id::text = w ->> 'id'
     where a.status <> 'pending'`,
    { continuous: false },
  ),
];
