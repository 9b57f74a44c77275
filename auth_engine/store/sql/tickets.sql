-- Tickets and mailed codes, kept as digests in auth.users.

-- name: put_mailed
-- Nothing where the address is not theirs any more: the mail would go to the old one.
update auth.users u set ticket = $2, ticket_expires_at = now() + make_interval(secs => $3)
where u.id = $1::uuid and u.email = $4::text::auth.email;

-- name: put
update auth.users u set ticket = $2, ticket_expires_at = now() + make_interval(secs => $3) where u.id = $1::uuid;

-- name: find
-- Only looks.
select {{user_columns}} from auth.users u where u.ticket = any($1::text[]) and u.ticket_expires_at > now() limit 1;

-- name: consume
-- Of parallel redemptions one finds the ticket; the others wait for it and find none.
with u as (
  update auth.users
  set ticket = null, ticket_expires_at = now()
  where ticket = any($1::text[]) and ticket_expires_at > now()
  returning *
)
select {{user_columns}} from u;

-- name: verify_email
update auth.users u set email_verified = true where u.id = $1::uuid and not u.email_verified;

-- name: put_email_change
update auth.users u
set new_email = $2::text::auth.email, ticket = $3, ticket_expires_at = now() + make_interval(secs => $4)
where u.id = $1::uuid;

-- name: move_email
-- Whoever opened the mail has proved the new address.
with u as (
  update auth.users a
  set email = a.new_email, new_email = null, email_verified = true, ticket = null, ticket_expires_at = now()
  where a.id = $1::uuid and a.new_email is not null
    and not exists (select from auth.users o where o.email = a.new_email and o.id <> a.id)
  returning a.*
)
select {{user_columns}} from u;

-- name: change_password
-- What was under way by means of the old password, or towards another address, ends with it; an address that has yet to
-- be verified may still be.
update auth.users u
set password_hash = $2,
  new_email = null,
  ticket = case when u.ticket like 'verifyEmail:%' then u.ticket end,
  ticket_expires_at = case when u.ticket like 'verifyEmail:%' then u.ticket_expires_at else now() end
where u.id = $1::uuid;

-- name: method_of
select s.method
from auth_engine.sessions s join auth.refresh_tokens t on t.id = s.id
where s.id = $2::uuid and t.user_id = $1::uuid;
