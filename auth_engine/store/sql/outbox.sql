-- Mails and webhook calls that have yet to be delivered.
--
-- A row is taken by one statement that counts the try and puts the next one behind a lease, so no two processes send one
-- row at the same time, and a row whose process dies is due again when its lease ends. A digest of the stored ticket is
-- kept, since AUTH_PEER_COMPATIBLE_WRITES stores tickets as they are mailed.

-- piece: is_current
-- Whether there is still somebody for whom it is of use: not expired, and its ticket still the user's.
o.expires_at > now() and (
  o.ticket_digest is null or exists (
    select from auth.users u
    where u.id = o.user_id and u.ticket_expires_at > now()
      and encode(sha256(convert_to(u.ticket, 'UTF8')), 'hex') = o.ticket_digest
  )
)

-- name: add
-- Not for a user who was deleted a moment ago.
insert into auth_engine.outbox (id, kind, user_id, ticket_digest, sealed, next_try_at, expires_at)
select
  $1::uuid, $2, $3::uuid, encode(sha256(convert_to($4::text, 'UTF8')), 'hex'), $5,
  now() + make_interval(secs => $6), now() + make_interval(secs => $7)
where $3::uuid is null or exists (select from auth.users u where u.id = $3::uuid for key share);

-- name: claim_new
update auth_engine.outbox o
set tries = 1, next_try_at = now() + make_interval(secs => $2)
where o.id = $1::uuid and o.tries = 0 and {{is_current}}
returning o.id::text, o.kind, o.sealed, o.tries;

-- name: claim_due
update auth_engine.outbox o
set tries = o.tries + 1, next_try_at = now() + make_interval(secs => $2)
where o.id = (
  select due.id from auth_engine.outbox due
  where due.next_try_at <= now() and due.expires_at > now() and due.kind = $1
  order by due.next_try_at
  limit 1
  for update skip locked
)
returning o.id::text, o.kind, o.sealed, o.tries;

-- name: remove
delete from auth_engine.outbox o where o.id = $1::uuid;

-- name: put_off
-- Never beyond its end, so that what has expired is always due, and found by the index of what is due.
update auth_engine.outbox o
set last_failure = $3, next_try_at = least(now() + make_interval(secs => $4), o.expires_at)
where o.id = $1::uuid and o.tries = $2;

-- name: release
update auth_engine.outbox o set next_try_at = now() where o.id = any($1::uuid[]);

-- name: sweep
delete from auth_engine.outbox o where o.next_try_at <= now() and not ({{is_current}});
