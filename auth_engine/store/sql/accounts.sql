-- What administrators and owners do to whole accounts.

-- piece: alive
-- A row of auth.refresh_tokens (t) that still opens something: not expired, not from before the user was disabled.
t.expires_at > now()
and not exists (select from auth_engine.disablings d where d.user_id = t.user_id and t.created_at <= d.disabled_at)

-- name: sessions
-- $2: AUTH_SESSION_MAX_AGE in seconds, or null.
select t.id::text, t.created_at, coalesce(s.last_used_at, t.created_at) as last_used_at, t.expires_at,
  coalesce(s.user_agent, '') as user_agent, coalesce(s.address, '') as address, coalesce(s.method, 'unknown') as method
from auth.refresh_tokens t
left join auth_engine.sessions s on s.id = t.id
where t.user_id = $1::uuid and t.type = 'regular' and {{alive}}
  and ($2::float8 is null or t.created_at > now() - make_interval(secs => $2::float8))
order by t.created_at desc, t.id;

-- name: pats
select t.id::text, t.created_at, t.expires_at, t.metadata::text, s.last_used_at
from auth.refresh_tokens t
left join auth_engine.sessions s on s.id = t.id
where t.user_id = $1::uuid and t.type = 'pat' and {{alive}}
order by t.created_at desc, t.id;

-- name: add_pat
insert into auth.refresh_tokens (user_id, expires_at, metadata, type, refresh_token_hash)
values ($1::uuid, $2, $3::text::jsonb, 'pat', $4)
returning id::text;

-- name: note_pat_use
-- Nothing is written when the token was revoked a moment ago.
insert into auth_engine.sessions (id, method, address, user_agent)
select t.id, 'pat', $2, $3 from auth.refresh_tokens t where t.id = $1::uuid and t.type = 'pat' for key share
on conflict (id) do update
set last_used_at = now(), address = excluded.address, user_agent = excluded.user_agent
returning id::text;

-- name: deanonymize
-- Nothing comes back when the user is not anonymous any more, is disabled, or is gone. What visitors noted as metadata
-- stays unless something else is given.
with u as (
  update auth.users set
    is_anonymous = false, email = $2::text::auth.email, email_verified = false, password_hash = $3, default_role = $4,
    display_name = $5, locale = $6, metadata = coalesce($7::text::jsonb, metadata), ticket = $9,
    avatar_url = case when avatar_url = '' then $8 else avatar_url end,
    ticket_expires_at = now() + make_interval(secs => $10)
  where id = $1::uuid and is_anonymous and not disabled
  returning *
), gone as (
  delete from auth.user_roles r using u where r.user_id = u.id and r.role <> all($11::text[])
), come as (
  insert into auth.user_roles (user_id, role) select u.id, role from u, unnest($11::text[]) as role
  on conflict do nothing
)
select count(*) from u;

-- name: delete
delete from auth.users where id = $1::uuid;

-- name: disable
update auth.users set disabled = true where id = $1::uuid;

-- name: note_disabling
insert into auth_engine.disablings (user_id, disabled_at) values ($1::uuid, clock_timestamp())
on conflict (user_id) do update set disabled_at = excluded.disabled_at;

-- name: enable
update auth.users set disabled = false where id = $1::uuid;

-- name: note_former_disabling
-- Of a user who was disabled by somebody who did not note when: what was open before now has ended.
insert into auth_engine.disablings (user_id, disabled_at)
select u.id, clock_timestamp() from auth.users u where u.id = $1::uuid and u.disabled for no key update
on conflict (user_id) do update set disabled_at = excluded.disabled_at;

-- name: missing_roles
select w.role from unnest($1::text[]) as w (role) where not exists (select from auth.roles r where r.role = w.role);

-- name: link_providers
-- How many were linked: those at unknown providers and those that another user has are left out.
insert into auth.user_providers (user_id, access_token, provider_id, provider_user_id)
select $1::uuid, 'unset', p.id, w.provider_user_id
from unnest($2::text[], $3::text[]) as w (provider_id, provider_user_id)
join auth.providers p on p.id = w.provider_id
on conflict do nothing;

-- name: set_created_at
update auth.users set created_at = $2 where id = $1::uuid;

-- name: details
select u.updated_at, u.last_seen, u.new_email::text, u.password_hash is not null as has_password,
  (select c.subject from auth_engine.codes c where c.user_id = u.id and c.kind = $2 and c.expires_at > now())
    as new_phone_number,
  (select count(*) from auth_engine.recovery_codes r where r.user_id = u.id) as unused_recovery_codes
from auth.users u where u.id = $1::uuid;

-- name: providers
select p.provider_id as provider, p.provider_user_id, p.created_at
from auth.user_providers p where p.user_id = $1::uuid order by p.created_at, p.provider_id;

-- name: security_keys
select k.id::text, k.nickname, k.transports, k.counter, s.created_at, s.last_used_at
from auth.user_security_keys k
left join auth_engine.security_keys s on s.id = k.id
where k.user_id = $1::uuid order by s.created_at nulls first, k.id;

-- name: events
select a.at, a.event, a.address, a.user_agent, a.detail::text
from auth_engine.audit a where a.user_id = $1::uuid order by a.id desc limit $2;
