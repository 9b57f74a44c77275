-- Security keys and open WebAuthn challenges.

-- piece: key_columns
k.id::text, k.user_id::text, k.credential_id, k.credential_public_key as public_key, k.counter, k.nickname,
s.created_at, s.last_used_at, coalesce(s.is_passkey, false) as is_passkey

-- name: of_user
select {{key_columns}}
from auth.user_security_keys k
left join auth_engine.security_keys s on s.id = k.id
where k.user_id = $1::uuid
order by s.created_at nulls first, k.id;

-- name: by_credential
select {{key_columns}}
from auth.user_security_keys k
left join auth_engine.security_keys s on s.id = k.id
where k.credential_id = $1;

-- name: add
-- Nothing comes back when somebody has the key already.
with k as (
  insert into auth.user_security_keys (user_id, credential_id, credential_public_key, counter, nickname)
  values ($1::uuid, $2, $3, $4, $5)
  on conflict do nothing
  returning id
), s as (
  insert into auth_engine.security_keys (id, is_passkey) select id, $6 from k
)
select id::text from k;

-- name: count_use
-- The counter must go up, or be and stay 0: of parallel answers of a cloned key one is refused. When another program
-- made the key is not known.
with k as (
  update auth.user_security_keys
  set counter = $2
  where id = $1::uuid and (counter < $2 or (counter = 0 and $2 = 0))
  returning id
), s as (
  insert into auth_engine.security_keys as s (id, created_at, last_used_at) select id, null, now() from k
  on conflict (id) do update set last_used_at = now()
)
select count(*) from k;

-- name: remove
delete from auth.user_security_keys where id = $1::uuid and user_id = $2::uuid;

-- name: open_challenge
insert into auth_engine.challenges (digest, purpose, user_id, sealed, expires_at)
values ($1, $2, $3::uuid, $4, now() + make_interval(secs => $5));

-- name: take_challenge
-- Whoever names it first has it, whatever becomes of the rest.
delete from auth_engine.challenges where digest = $1
returning purpose, user_id::text, sealed, expires_at > now() as is_open;
