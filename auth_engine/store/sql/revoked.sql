-- Whose access tokens count no more, and since when (Unix time; infinity: none counts).

-- name: all
-- Beyond the life of an access token nothing needs to be remembered: none is left. But whoever is disabled now is refused
-- however long the token lives: one of before the setting was lowered, or of somebody else who has the key.
select d.user_id::text, case when u.disabled then 'infinity' else extract(epoch from d.disabled_at) end::float8 as since
from auth_engine.disablings d join auth.users u on u.id = d.user_id
where u.disabled or d.disabled_at > now() - make_interval(secs => $1)
union all
-- Of somebody who is gone no token counts, even one that a clock ahead of ours dated later. Whoever was made anew under
-- the same id has tokens of after.
select d.user_id::text, case when u.id is null then 'infinity' else extract(epoch from d.deleted_at) end::float8
from auth_engine.deletions d left join auth.users u on u.id = d.user_id
where d.deleted_at > now() - make_interval(secs => $1);

-- name: disabled
-- Where no trigger writes the disablings down. Nothing says since when, so none counts.
select id::text, 'infinity'::float8 from auth.users where disabled;

-- name: has_trigger
select exists (select from pg_trigger where tgrelid = 'auth.users'::regclass and tgname = 'auth_engine_user_disabled');
