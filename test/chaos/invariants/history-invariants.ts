import { sqlInvariant } from './invariant.ts';

/** What must hold in the tables alone, most of it at every moment. */
export const historyInvariants = [
  sqlInvariant(
    'I1',
    'One committed transition per session and version; the history is gapless and ends where the session stands.',
    `select format('session %s: %s events from %s to %s, version %s', s.id, count(e.seq), min(e.seq), max(e.seq), s.version) as breach
     from sessions s left join session_events e on e.session_id = s.id
     group by s.id, s.version
     having count(e.seq) <> s.version or coalesce(min(e.seq), 0) <> 1 or coalesce(max(e.seq), 0) <> s.version
     union all
     select format('session %s: %s events without a session', e.session_id, count(*)) from session_events e
     where not exists (select 1 from sessions s where s.id = e.session_id) group by e.session_id`,
  ),
  sqlInvariant(
    'I2',
    "Epochs never decrease along a session's versions, nor is the session's own below them.",
    `select format('session %s: version %s under epoch %s after epoch %s', session_id, seq, epoch, before) as breach
     from (select session_id, seq, epoch, lag(epoch) over (partition by session_id order by seq) as before from session_events) as e
     where epoch < before
     union all
     select format('session %s: its epoch %s is below %s in its history', s.id, s.owner_epoch, max(e.epoch))
     from sessions s join session_events e on e.session_id = s.id group by s.id, s.owner_epoch having max(e.epoch) > s.owner_epoch`,
  ),
  sqlInvariant(
    'I3',
    'A write under an old epoch, of an owner or of a scheduler, changes no row.',
    `select format('session %s: version %s (%s) written under epoch %s while the epoch was %s', session_id, seq, type, epoch, owner_epoch) as breach
     from chaos.writes where owner_epoch is distinct from epoch
     union all
     select format('session %s: dispatched under scheduler epoch %s while %s was the active one', session_id, scheduler_epoch, leader_epoch)
     from chaos.writes where scheduler_epoch is not null and scheduler_epoch is distinct from leader_epoch`,
  ),
  sqlInvariant(
    'I6',
    'Never two owners committing: one owner per session and epoch.',
    `select format('session %s: %s owners under epoch %s', session_id, count(distinct owner), epoch) as breach
     from chaos.writes where epoch = owner_epoch group by session_id, epoch having count(distinct owner) > 1
     union all
     select format('session %s: epoch %s was given %s times', session_id, epoch, count(*))
     from chaos.claims group by session_id, epoch having count(*) > 1`,
  ),
  sqlInvariant(
    'I15',
    'Final states stay final, but for a retry where the domain allows it.',
    `select format('session %s: from %s to %s at version %s', session_id, data ->> 'from', data ->> 'to', seq) as breach
     from session_events
     where data ->> 'from' is not null and data ->> 'to' is not null and (
       data ->> 'from' in ('completed', 'cancelled', 'orphaned')
       or (data ->> 'from' in ('failed', 'timeout', 'stopped') and data ->> 'to' <> 'queued')
       or (data ->> 'from' = 'partially_completed' and data ->> 'to' not in ('queued', 'completed')))`,
  ),
  sqlInvariant(
    'I19',
    'A timer that is due fires: when everything has come to rest none is left, neither of a retry nor of anything else.',
    `select format('session %s (%s): a timer is %s s late', id, status, round(extract(epoch from now() - timer_at))) as breach
     from sessions where timer_at < now() - interval '2 seconds' and deleted_at is null`,
    { continuous: false },
  ),
  sqlInvariant(
    'I11',
    'A command of a session has its effect at most once.',
    `select format('session %s: command %s has %s outcomes', session_id, command_id, count(*)) as breach
     from session_events where command_id is not null group by session_id, command_id having count(*) > 1`,
  ),
];
