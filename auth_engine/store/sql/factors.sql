-- What somebody can prove themselves with.

-- name: enrolled
-- `method`: what opened the session; nothing when the session has ended. Sessions of Hasura Auth have no row of ours.
select
  exists (select from auth.user_security_keys k where k.user_id = u.id) as has_key,
  u.active_mfa_type is not distinct from 'totp' as has_totp,
  u.email is not null as has_email,
  (
    select coalesce(s.method, 'unknown')
    from auth.refresh_tokens t
    left join auth_engine.sessions s on s.id = t.id
    where t.id = $2::uuid and t.user_id = u.id and t.expires_at > now()
  ) as method
from auth.users u
where u.id = $1::uuid;
