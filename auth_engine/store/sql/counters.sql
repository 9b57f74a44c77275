-- Sliding windows of limited requests, and from where users signed in before.

-- name: take
-- One request in each counter that has room. A window begins with its first request; the one before it counts as far as
-- it lies within the length of a window. Rows are locked in the order of their keys, so requests never lock each other
-- out. `admitted` is what the last request was told: this one.
insert into auth_engine.counters as c (key, burst, seconds, window_start, current, previous, admitted, expires_at)
select key, burst, seconds, now(), 1, 0, true, now() + 2 * make_interval(secs => seconds)
from unnest($1::text[], $2::int[], $3::int[]) as asked (key, burst, seconds)
order by key
on conflict (key) do update set (window_start, current, previous, admitted, expires_at) = (
  select w.window_start, w.current + room::int, w.previous, room,
    w.window_start + 2 * make_interval(secs => c.seconds)
  from (select greatest(extract(epoch from now() - c.window_start)::float8, 0) / c.seconds as age) as since,
  lateral (
    select
      case
        when age < 1 then c.window_start
        when age < 2 then c.window_start + make_interval(secs => c.seconds)
        else now()
      end as window_start,
      case when age < 1 then c.current else 0 end as current,
      case when age < 1 then c.previous when age < 2 then c.current else 0 end as previous,
      case when age < 2 then age - floor(age) else 0 end as elapsed
  ) as w,
  lateral (select w.current + w.previous * (1 - w.elapsed) + 1 <= c.burst + 0.000001 as room) as verdict
)
returning c.key, c.admitted, c.current, c.previous,
  greatest(extract(epoch from now() - c.window_start)::float8, 0) / c.seconds;

-- name: give_back
-- From the window before where this one has begun meanwhile.
update auth_engine.counters
set current = greatest(current - 1, 0), previous = case when current = 0 then greatest(previous - 1, 0) else previous end
where key = $1;

-- name: is_source_of_email
select exists (
  select from auth_engine.known_sources k join auth.users u on u.id = k.user_id
  where u.email = $1::text::auth.email and k.source = $2
);

-- name: is_source_of_phone_number
select exists (
  select from auth_engine.known_sources k join auth.users u on u.id = k.user_id
  where u.phone_number = any($1::text[]) and k.source = $2
);

-- name: is_source_of
select exists (select from auth_engine.known_sources where user_id = $1::uuid and source = $2);

-- name: remember_source
-- A day's visits write once.
insert into auth_engine.known_sources as k (user_id, source)
select $1::uuid, $2
where not exists (
  select from auth_engine.known_sources
  where user_id = $1::uuid and source = $2 and seen_at > now() - interval '1 day'
)
on conflict (user_id, source) do update set seen_at = now();
