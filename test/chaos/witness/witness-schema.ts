/**
 * A schema of the harness's own in the database under test. Its triggers write down, inside the very transactions of the
 * product, what the rows say by then: who owned the session when an event was added, under which epoch an effect was let
 * through, which scheduler was the active one. A trigger on a statement sees what others have committed meanwhile, so
 * that a check that was passed on an old view shows. They can also make a statement slow, or keep it waiting for a lock.
 */
export const WITNESS_SCHEMA: readonly string[] = [
  'create schema chaos',
  `create table chaos.writes (position bigserial primary key, session_id uuid not null, seq bigint not null, type text not null, epoch bigint not null,
    owner uuid, owner_epoch bigint, version bigint, scheduler_epoch bigint, leader_epoch bigint, at timestamptz not null default clock_timestamp())`,
  'create index on chaos.writes (session_id, seq)',
  `create table chaos.claims (position bigserial primary key, session_id uuid not null, status text not null, from_owner uuid, owner uuid, from_epoch bigint not null,
    epoch bigint not null, at timestamptz not null default clock_timestamp())`,
  'create index on chaos.claims (from_owner, at)',
  `create table chaos.gates (position bigserial primary key, session_id uuid not null, fence bigint not null, gateway uuid, owner_epoch bigint,
    is_lasting boolean not null, at timestamptz not null default clock_timestamp())`,
  'create index on chaos.gates (session_id, at)',
  // Where statements are slowed down: by a share of them for some milliseconds, or until an advisory lock is free.
  'create table chaos.holds (point text primary key, share float8 not null default 1, ms int not null default 0, lock bigint, fails boolean not null default false)',
  `create function chaos.hold(at_point text) returns void language plpgsql as $$
declare h record;
begin
  select share, ms, lock, fails into h from chaos.holds where point = at_point;
  if not found or random() >= h.share then return; end if;
  if h.lock is not null then perform pg_advisory_xact_lock_shared(h.lock); end if;
  if h.fails then raise exception 'could not extend file "base/1/1": No space left on device' using errcode = '53100'; end if;
  if h.ms > 0 then perform pg_sleep(random() * h.ms / 1000.0); end if;
end $$`,
  `create function chaos.before_event() returns trigger language plpgsql as $$
begin
  if new.type = 'session.running' then perform chaos.hold('dispatch'); end if;
  return new;
end $$`,
  `create function chaos.after_event() returns trigger language plpgsql as $$
declare s record; wanted bigint; leader bigint;
begin
  perform chaos.hold('event');
  select owner, owner_epoch, version into s from public.sessions where id = new.session_id;
  if new.type = 'session.running' then
    wanted := (new.data ->> 'schedulerEpoch')::bigint;
    select epoch into leader from public.leaders where role = 'scheduler';
  end if;
  insert into chaos.writes (session_id, seq, type, epoch, owner, owner_epoch, version, scheduler_epoch, leader_epoch)
  values (new.session_id, new.seq, new.type, new.epoch, s.owner, s.owner_epoch, s.version, wanted, leader);
  return null;
end $$`,
  `create function chaos.after_claim() returns trigger language plpgsql as $$
begin
  insert into chaos.claims (session_id, status, from_owner, owner, from_epoch, epoch)
  values (new.id, new.status, old.owner, new.owner, old.owner_epoch, new.owner_epoch);
  return null;
end $$`,
  `create function chaos.before_gate() returns trigger language plpgsql as $$
begin
  perform chaos.hold('gate');
  return new;
end $$`,
  `create function chaos.after_gate() returns trigger language plpgsql as $$
declare present bigint;
begin
  select owner_epoch into present from public.sessions where id = new.session_id;
  insert into chaos.gates (session_id, fence, gateway, owner_epoch, is_lasting)
  values (new.session_id, new.fence, new.gateway, present, current_setting('synchronous_commit') <> 'off');
  return null;
end $$`,
  'create trigger chaos_before_event before insert on session_events for each row execute function chaos.before_event()',
  'create trigger chaos_after_event after insert on session_events for each row execute function chaos.after_event()',
  `create trigger chaos_after_claim after update of owner_epoch on sessions for each row
    when (old.owner_epoch is distinct from new.owner_epoch) execute function chaos.after_claim()`,
  'create trigger chaos_before_gate before insert or update on run_fences for each row execute function chaos.before_gate()',
  // At the commit, for then it is known whether it is to last: a claim is, a pass right before a call is not waited for.
  `create constraint trigger chaos_after_gate after insert or update on run_fences deferrable initially deferred
    for each row execute function chaos.after_gate()`,
];
