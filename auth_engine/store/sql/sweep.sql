-- What has expired, a batch ($1 rows at the most) at a time. Rows that somebody works with are passed over.

-- name: may_sweep
-- One sweeper at a time, over all processes.
select pg_try_advisory_xact_lock($1);

-- name: sessions
-- Personal access tokens too.
delete from auth.refresh_tokens where id in (
  select id from auth.refresh_tokens where expires_at <= now() limit $1 for update skip locked
);

-- name: codes
delete from auth_engine.codes where (user_id, kind) in (
  select user_id, kind from auth_engine.codes where expires_at <= now() limit $1 for update skip locked
);

-- name: challenges
delete from auth_engine.challenges where digest in (
  select digest from auth_engine.challenges where expires_at <= now() limit $1 for update skip locked
);

-- name: oauth_states
delete from auth_engine.oauth_states where digest in (
  select digest from auth_engine.oauth_states where expires_at <= now() limit $1 for update skip locked
);

-- name: outbox
delete from auth_engine.outbox where id in (
  select id from auth_engine.outbox where expires_at <= now() limit $1 for update skip locked
);

-- name: counters
delete from auth_engine.counters where key in (
  select key from auth_engine.counters where expires_at <= now() limit $1 for update skip locked
);

-- name: known_sources
delete from auth_engine.known_sources where (user_id, source) in (
  select user_id, source from auth_engine.known_sources where seen_at <= now() - interval '180 days' limit $1
  for update skip locked
);

-- name: deletions
-- No access token lives that long.
delete from auth_engine.deletions where user_id in (
  select user_id from auth_engine.deletions where deleted_at <= now() - interval '1 year' limit $1 for update skip locked
);
