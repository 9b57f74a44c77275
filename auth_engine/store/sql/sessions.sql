-- Sessions: rows of auth.refresh_tokens of type `regular`, and what is known of them beside.

-- name: open
-- The user's own expired sessions go at once; the rest is swept by and by.
with u as (
  -- Nothing is written, and nothing comes back, when the user was disabled or deleted a moment ago, or when the password
  -- that was checked is not theirs any more.
  update auth.users set last_seen = now()
  where id = $1::uuid and not disabled and ($9::text is null or password_hash = $9)
  returning *
), expired as (
  delete from auth.refresh_tokens t using u where t.user_id = u.id and t.expires_at <= now()
), token as (
  insert into auth.refresh_tokens (id, user_id, expires_at, type, refresh_token_hash)
  select $2::uuid, u.id, now() + make_interval(secs => $3), 'regular', $4 from u
  returning id
), detail as (
  insert into auth_engine.sessions (id, method, address, user_agent, elevated_at)
  select id, $5, $6, $7, case when $8 then now() end from token
)
select {{user_columns}} from u;

-- name: by_token
select t.id::text as session_id, t.created_at as session_created_at, s.method, {{user_columns}}
from auth.refresh_tokens t
join auth.users u on u.id = t.user_id
left join auth_engine.sessions s on s.id = t.id
where t.refresh_token_hash = $1 and t.type = $2 and t.expires_at > now();

-- name: rotate
-- The old hash goes into the list of former ones, which holds the last hundred. Nothing comes back when another request
-- was faster.
with token as (
  update auth.refresh_tokens
  set refresh_token_hash = $3, expires_at = now() + make_interval(secs => $4)
  where id = $1::uuid and refresh_token_hash = $2 and expires_at > now()
  returning id, user_id
), detail as (
  insert into auth_engine.sessions (id, rotations) select id, 1 from token
  on conflict (id) do update set rotations = sessions.rotations + 1, last_used_at = now()
  returning id, rotations
), former as (
  insert into auth_engine.former_tokens (session_id, number, token_hash) select id, rotations, $2 from detail
), pruned as (
  delete from auth_engine.former_tokens f using detail d where f.session_id = d.id and f.number <= d.rotations - 100
), seen as (
  -- Left out while somebody else changes the user: who waits for the user's row must not hold a session's.
  update auth.users u set last_seen = now()
  where u.id in (
    select w.id from auth.users w where w.id = (select token.user_id from token) for no key update skip locked
  )
)
select count(*) from detail;

-- name: by_former_token
-- `is_last`: the token was the current one's predecessor. `age`: seconds since it was replaced.
select t.id::text as session_id, t.created_at as session_created_at, t.refresh_token_hash as current_hash, s.method,
  f.number = s.rotations as is_last, extract(epoch from now() - f.replaced_at)::float8 as age, {{user_columns}}
from auth_engine.former_tokens f
join auth.refresh_tokens t on t.id = f.session_id and t.expires_at > now()
join auth_engine.sessions s on s.id = t.id
join auth.users u on u.id = t.user_id
where f.token_hash = $1
limit 1;

-- name: end_one
delete from auth.refresh_tokens where refresh_token_hash = $1 and type = 'regular' returning id::text, user_id::text;

-- name: end_by_id
delete from auth.refresh_tokens where id = $1::uuid and user_id = $2::uuid and type = $3;

-- name: end_all
delete from auth.refresh_tokens where user_id = $1::uuid and type = any($2::text[]) and id is distinct from $3::uuid;
