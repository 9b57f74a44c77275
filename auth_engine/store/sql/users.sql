-- Rows of auth.users and auth.user_roles.

-- name: by_id
select {{user_columns}} from auth.users u where u.id = $1::uuid;

-- name: by_id_in_session
-- Nobody comes back once the session has ended.
select {{user_columns}} from auth.users u
where u.id = $1::uuid
  and exists (select from auth.refresh_tokens t where t.id = $2::uuid and t.user_id = u.id and t.expires_at > now());

-- name: lock
-- Whoever ends the sessions of a user or changes the user waits for the end of the transaction. As strong as it gets,
-- since a phone number or address may be changed later in it: a lock that grows could wait for whoever waits for us.
select from auth.users u where u.id = $1::uuid for update;

-- name: is_still_in
-- In a statement of its own after the lock: what was true before the wait may not be.
select not u.disabled and (
  $2::uuid is null
  or exists (select from auth.refresh_tokens t where t.id = $2::uuid and t.user_id = u.id and t.expires_at > now())
)
from auth.users u where u.id = $1::uuid;

-- name: by_email
select {{user_columns}} from auth.users u where u.email = $1::text::auth.email;

-- name: by_phone_number
select {{user_columns}} from auth.users u where u.phone_number = any($1::text[]) order by u.phone_number = ($1::text[])[1] desc limit 1;

-- name: email_taken
select exists (select from auth.users where email = $1::text::auth.email);

-- name: insert
-- Nothing comes back when the address, the number or the id is taken.
with u as (
  insert into auth.users (
    id, disabled, display_name, avatar_url, locale, email, phone_number, password_hash, email_verified,
    phone_number_verified, default_role, is_anonymous, metadata, ticket, ticket_expires_at
  ) values (
    coalesce($1::uuid, gen_random_uuid()), $2, $3, $4, $5, $6::text::auth.email, $7, $8, $9, $10, $11, $12,
    $13::text::jsonb, $14, now() + make_interval(secs => $15)
  )
  on conflict do nothing
  returning *
), r as (
  insert into auth.user_roles (user_id, role)
  select u.id, role from u, unnest($16::text[]) as role
)
select u.id::text, u.created_at, u.disabled, u.display_name, u.avatar_url, u.locale, u.email::text, u.phone_number,
  u.password_hash, u.email_verified, u.phone_number_verified, u.new_email::text, u.default_role, u.is_anonymous,
  u.totp_secret, u.active_mfa_type, u.ticket, u.ticket_expires_at, u.otp_hash, u.otp_hash_expires_at, u.metadata::text,
  $16::text[] as roles, null::timestamptz as not_before
from u;

-- name: rehash
-- Only where the hash is still the one that was checked: a password changed meanwhile stays.
update auth.users u set password_hash = $3 where u.id = $1::uuid and u.password_hash = $2;
