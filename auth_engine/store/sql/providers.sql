-- Accounts at providers, their tokens, and sign-ins under way.

-- name: put_state
-- A few of the expired go with each new one.
with expired as (
  delete from auth_engine.oauth_states
  where digest in (
    select digest from auth_engine.oauth_states where expires_at <= now() limit 20 for update skip locked
  )
)
insert into auth_engine.oauth_states (digest, provider, browser, sealed, expires_at)
values ($1, $2, $3, $4, now() + make_interval(secs => $5));

-- name: use_state
update auth_engine.oauth_states set used_at = now()
where digest = $1 and provider = $2 and browser = $3 and used_at is null and expires_at > now()
returning sealed;

-- name: state
select sealed from auth_engine.oauth_states
where digest = $1 and provider = $2 and browser = $3 and expires_at > now();

-- name: user_of
select {{user_columns}}
from auth.user_providers p
join auth.users u on u.id = p.user_id
where p.provider_id = $1 and p.provider_user_id = $2;

-- name: link
-- A provider by configuration has no row in auth.providers before somebody comes from it.
with provider as (
  insert into auth.providers (id) values ($2) on conflict do nothing
)
insert into auth.user_providers (user_id, access_token, provider_id, provider_user_id)
values ($1::uuid, 'unset', $2, $3)
on conflict do nothing
returning id::text;

-- name: link_id
select id::text from auth.user_providers where user_id = $1::uuid and provider_id = $2 and provider_user_id = $3;

-- name: claim
-- The owner of an address arrives at an account that never verified it: whatever was put into it before, by whomever,
-- opens it no more. Nothing comes back when the address was verified meanwhile.
with u as (
  update auth.users u
  set email_verified = true, password_hash = null, totp_secret = null, active_mfa_type = null, ticket = null,
    ticket_expires_at = now(), otp_hash = null, otp_hash_expires_at = now(), new_email = null, phone_number = null,
    phone_number_verified = false
  where u.id = $1::uuid and not u.email_verified
  returning u.id
), sessions as (
  delete from auth.refresh_tokens t using u where t.user_id = u.id
), keys as (
  delete from auth.user_security_keys k using u where k.user_id = u.id
), providers as (
  delete from auth.user_providers p using u where p.user_id = u.id
), recovery as (
  delete from auth_engine.recovery_codes c using u where c.user_id = u.id
), codes as (
  delete from auth_engine.codes c using u where c.user_id = u.id
), tries as (
  delete from auth_engine.tries t using u where t.user_id = u.id
), uses as (
  delete from auth_engine.totp_uses t using u where t.user_id = u.id
), challenges as (
  delete from auth_engine.challenges c using u where c.user_id = u.id
), mails as (
  delete from auth_engine.outbox o using u where o.user_id = u.id and o.ticket_digest is not null
)
select count(*) from u;

-- name: list
select p.provider_id, p.provider_user_id, p.created_at, t.id is not null as has_token
from auth.user_providers p
left join auth_engine.provider_tokens t on t.id = p.id
where p.user_id = $1::uuid
order by p.created_at, p.provider_id;

-- name: unlink
delete from auth.user_providers where user_id = $1::uuid and provider_id = $2 returning provider_user_id;

-- name: ways_in
-- What the user could sign in with; which of it is switched on the caller knows. $2: the provider that is to go.
select u.password_hash is not null as password, u.email is not null and u.email_verified as email,
  u.phone_number is not null and u.phone_number_verified as phone,
  exists (select from auth.user_security_keys k where k.user_id = u.id) as key,
  array(select p.provider_id from auth.user_providers p where p.user_id = u.id and p.provider_id <> $2) as providers
from auth.users u
where u.id = $1::uuid;

-- name: put_tokens
insert into auth_engine.provider_tokens (id, access_token, refresh_token, token_secret, expires_at, scope)
values ($1::uuid, $2, $3, $4, now() + make_interval(secs => $5), $6)
on conflict (id) do update
set access_token = excluded.access_token,
  refresh_token = coalesce(excluded.refresh_token, provider_tokens.refresh_token),
  token_secret = excluded.token_secret, expires_at = excluded.expires_at,
  scope = coalesce(excluded.scope, provider_tokens.scope), renewing_until = null, updated_at = now();

-- name: tokens
-- Half a minute early: a token that ends on its way is of no use.
select t.id::text, t.access_token, t.refresh_token, t.token_secret, t.expires_at, t.scope,
  coalesce(t.expires_at < now() + interval '30 seconds', false) as is_old,
  coalesce(t.expires_at <= now(), false) as is_over
from auth.user_providers p
join auth_engine.provider_tokens t on t.id = p.id
where p.user_id = $1::uuid and p.provider_id = $2
order by t.updated_at desc
limit 1;

-- name: begin_renewal
-- One at a time: many providers take a second use of a refresh token for theft.
update auth_engine.provider_tokens set renewing_until = now() + make_interval(secs => $2)
where id = $1::uuid and (renewing_until is null or renewing_until <= now())
  and expires_at < now() + interval '30 seconds'
returning id;

-- name: end_renewal
update auth_engine.provider_tokens set renewing_until = null where id = $1::uuid;
