-- Codes of SMS, of phone-number changes and of elevation, and the tries at them.
--
-- A try is counted before the code is compared, under the lock of the row that holds the code: of parallel guesses each
-- gets a number of its own, and a new code begins anew. What is told apart is told by a digest of the stored code and of
-- its end, so the same six digits drawn again are a new code too.

-- piece: counted
insert into auth_engine.tries (user_id, kind, digest, count)
select h.user_id, h.kind, h.digest, 1 from held h
on conflict (user_id, kind) do update set
  digest = excluded.digest,
  count = case when tries.digest = excluded.digest then tries.count + 1 else 1 end
returning count

-- name: put
insert into auth_engine.codes (user_id, kind, code_hash, subject, expires_at)
select id, $2, $3, $4, now() + make_interval(secs => $5) from auth.users where id = $1::uuid for key share
on conflict (user_id, kind) do update set
  code_hash = excluded.code_hash, subject = excluded.subject, expires_at = excluded.expires_at;

-- name: attempt
with u as (
  -- First of all, as whoever deletes the user begins with it.
  select id from auth.users where id = $1::uuid for key share
), held as (
  select user_id, kind, code_hash, subject,
    encode(sha256(convert_to(code_hash || ' ' || extract(epoch from expires_at), 'UTF8')), 'hex') as digest
  from auth_engine.codes
  where user_id = (select id from u) and kind = $2 and expires_at > now()
  for update
), counted as (
  {{counted}}
)
select h.code_hash, h.subject, c.count from held h, counted c;

-- name: consume
delete from auth_engine.codes
where user_id = $1::uuid and kind = $2 and code_hash = $3 and expires_at > now()
returning subject;

-- name: drop_all
delete from auth_engine.codes where user_id = $1::uuid;

-- name: put_sms
-- Nothing where the number is not theirs any more: it changed while the message was on its way.
update auth.users u
set otp_hash = $2, otp_hash_expires_at = now() + make_interval(secs => $3), otp_method_last_used = 'sms'
where u.id = $1::uuid and u.phone_number = $4;

-- name: attempt_sms
with held as (
  select id as user_id, 'sms'::text as kind, otp_hash,
    encode(sha256(convert_to(otp_hash || ' ' || extract(epoch from otp_hash_expires_at), 'UTF8')), 'hex') as digest
  from auth.users
  where id = $1::uuid and otp_hash is not null and otp_hash_expires_at > now()
  for update
), counted as (
  {{counted}}
)
select h.otp_hash, null::text, c.count from held h, counted c;

-- name: consume_sms
-- Hasura Auth keeps the hash and ends its time; the end is what counts.
with u as (
  update auth.users
  set otp_hash = null, otp_hash_expires_at = now(), phone_number_verified = true
  where id = $1::uuid and otp_hash = $2 and otp_hash_expires_at > now()
  returning *
)
select {{user_columns}} from u;

-- name: attempt_email
-- A ticket that is a code: ours, or the six digits that Hasura Auth stores.
with held as (
  select id as user_id, 'email'::text as kind, ticket,
    encode(sha256(convert_to(ticket || ' ' || extract(epoch from ticket_expires_at), 'UTF8')), 'hex') as digest
  from auth.users
  where id = $1::uuid and ticket_expires_at > now() and (ticket like 'otp:%' or ticket ~ '^[0-9]{6}$')
  for update
), counted as (
  {{counted}}
)
select h.ticket, null::text, c.count from held h, counted c;

-- name: consume_email
with u as (
  update auth.users
  set ticket = null, ticket_expires_at = now()
  where id = $1::uuid and ticket = $2 and ticket_expires_at > now()
  returning *
)
select {{user_columns}} from u;

-- name: may_sign_in_by_sms
-- An unverified number on an account with another credential is nobody's way in (auth contract §10, "Providers").
select u.phone_number_verified or not (
  u.email is not null or u.password_hash is not null
  or exists (select from auth.user_providers p where p.user_id = u.id)
  or exists (select from auth.user_security_keys k where k.user_id = u.id)
)
from auth.users u where u.id = $1::uuid;

-- name: release_number
-- Who proved to hold a number takes it from whoever only claimed it.
update auth.users u
set phone_number = null, otp_hash = null, otp_hash_expires_at = now()
where u.phone_number = $2 and u.id <> $1::uuid and not u.phone_number_verified
returning u.id::text;

-- name: move_number
-- A code sent to the old number ends with it.
with u as (
  update auth.users
  set phone_number = $2, phone_number_verified = true, otp_hash = null, otp_hash_expires_at = now()
  where id = $1::uuid
  returning *
)
select {{user_columns}} from u;
