-- TOTP secrets, used periods and recovery codes.

-- name: put_secret
-- Never while the factor is active. What was used up belonged to the former secret.
with u as (
  update auth.users set totp_secret = $2
  where id = $1::uuid and active_mfa_type is distinct from 'totp'
  returning id
), forgotten as (
  delete from auth_engine.totp_uses p using u where p.user_id = u.id
)
select count(*) from u;

-- name: reseal
-- Only where the secret is still the one that was read.
update auth.users u set totp_secret = $3 where u.id = $1::uuid and u.totp_secret = $2;

-- name: activate
-- Only with the secret that the code was checked against.
update auth.users u set active_mfa_type = 'totp'
where u.id = $1::uuid and u.totp_secret = $2 and u.active_mfa_type is distinct from 'totp';

-- name: deactivate
-- The secret stays in the row, as Hasura Auth leaves it; recovery codes end with the factor.
with u as (
  update auth.users set active_mfa_type = null
  where id = $1::uuid and active_mfa_type = 'totp'
  returning id
), forgotten as (
  delete from auth_engine.recovery_codes c using u where c.user_id = u.id
)
select count(*) from u;

-- name: claim_try
-- Counted before anything is compared. Nothing comes back when no try is left; another digest begins anew.
insert into auth_engine.tries as t (user_id, kind, digest, count)
select id, $2, $3, 1 from auth.users where id = $1::uuid for key share
on conflict (user_id, kind) do update set
  digest = excluded.digest,
  count = case when t.digest = excluded.digest then t.count + 1 else 1 end
where t.digest <> excluded.digest or t.count < $4
returning count;

-- name: forget_tries
delete from auth_engine.tries where user_id = $1::uuid and kind = $2;

-- name: use_period
-- This period and those before it are used up. Nothing comes back when they were.
insert into auth_engine.totp_uses as p (user_id, period)
select id, $2 from auth.users where id = $1::uuid for key share
on conflict (user_id) do update set period = excluded.period where p.period < excluded.period
returning period;

-- name: spend_ticket
-- Of parallel requests one finds the ticket. The row beside it says which factor came first.
with u as (
  update auth.users set ticket = null, ticket_expires_at = now()
  where id = $1::uuid and ticket = $2 and ticket_expires_at > now()
  returning id
), first as (
  delete from auth_engine.codes c using u where c.user_id = u.id and c.kind = $3 returning c.code_hash, c.subject
), forgotten as (
  delete from auth_engine.tries t using u where t.user_id = u.id and t.kind = $3
)
select coalesce((select f.subject from first f where f.code_hash = $2), 'unknown') from u;

-- name: drop_recovery_codes
delete from auth_engine.recovery_codes where user_id = $1::uuid;

-- name: add_recovery_codes
insert into auth_engine.recovery_codes (user_id, code_hash) select $1::uuid, unnest($2::text[]);

-- name: has_recovery_code
select exists (select from auth_engine.recovery_codes where user_id = $1::uuid and code_hash = any($2::text[]));

-- name: has_older_recovery_code
-- Made before the session was opened.
select exists (
  select from auth_engine.recovery_codes c
  join auth.refresh_tokens t on t.user_id = c.user_id and t.created_at > c.created_at
  where c.user_id = $1::uuid and c.code_hash = any($2::text[]) and t.id = $3::uuid
);

-- name: use_recovery_code
delete from auth_engine.recovery_codes where user_id = $1::uuid and code_hash = any($2::text[]);
