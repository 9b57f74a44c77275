-- What the auth engine keeps beside Hasura Auth's nine tables, to which no column is added.
--
-- Every row of a user goes when the user goes, but the audit log, which outlives them. Nothing here is readable where a
-- reader would gain by it: tokens, tickets and codes are digests, what must be read back is encrypted (`enc:v1:…`).
-- This is version 1. It is run once, in a schema that the start has made (store/boot.py, which also says how a later
-- version is added); parts of it may be there already, from a schema file of the application.

create table if not exists auth_engine.schema_version (
  version bigint primary key
);
comment on table auth_engine.schema_version is 'The version of this schema.';

-- ------------------------------------------------------------------------------------------------------------- sessions

create table if not exists auth_engine.sessions (
  id            uuid        primary key references auth.refresh_tokens (id) on update cascade on delete cascade,
  opened_at     timestamptz not null default now(),
  last_used_at  timestamptz not null default now(),
  method        text        not null default 'unknown',
  elevated_at   timestamptz,
  address       text        not null default '',
  user_agent    text        not null default '',
  rotations     integer     not null default 0
);
comment on table auth_engine.sessions is 'What is known of a session or personal access token beside its row in auth.refresh_tokens.';
comment on column auth_engine.sessions.method is 'The factor that opened it.';

create table if not exists auth_engine.former_tokens (
  session_id  uuid        not null references auth.refresh_tokens (id) on update cascade on delete cascade,
  number      integer     not null,
  token_hash  text        not null,
  replaced_at timestamptz not null default now(),
  primary key (session_id, number)
);
create index if not exists former_tokens_token_hash_idx on auth_engine.former_tokens (token_hash);
comment on table auth_engine.former_tokens is 'Hashes of refresh tokens that were replaced, the last hundred of a session.';

create table if not exists auth_engine.disablings (
  user_id     uuid        primary key references auth.users (id) on update cascade on delete cascade,
  disabled_at timestamptz not null default now()
);
comment on table auth_engine.disablings is 'When a user was last disabled: sessions opened before it have ended.';

create table if not exists auth_engine.deletions (
  user_id    uuid        primary key,
  deleted_at timestamptz not null default now()
);
create index if not exists deletions_deleted_at_idx on auth_engine.deletions (deleted_at);
comment on table auth_engine.deletions is 'Users that are gone while access tokens of theirs may still be about.';

-- --------------------------------------------------------------------------------------------- tickets, codes and tries

create table if not exists auth_engine.tries (
  user_id uuid    not null references auth.users (id) on update cascade on delete cascade,
  kind    text    not null,
  digest  text    not null,
  count   integer not null default 0,
  primary key (user_id, kind)
);
comment on table auth_engine.tries is 'Wrong guesses at the code or ticket that is current, told by its digest.';

create table if not exists auth_engine.codes (
  user_id    uuid        not null references auth.users (id) on update cascade on delete cascade,
  kind       text        not null,
  code_hash  text        not null,
  subject    text,
  expires_at timestamptz not null,
  primary key (user_id, kind)
);
comment on table auth_engine.codes is 'What has no column in auth.users: codes of phone-number changes (subject: the new number) and of elevation by mail, and tickets for the second factor (subject: the first one).';

create table if not exists auth_engine.totp_uses (
  user_id uuid   primary key references auth.users (id) on update cascade on delete cascade,
  period  bigint not null
);
comment on table auth_engine.totp_uses is 'The period of the last TOTP code that signed in: it and older ones are used up.';

create table if not exists auth_engine.recovery_codes (
  user_id   uuid        not null references auth.users (id) on update cascade on delete cascade,
  code_hash text        not null,
  created_at timestamptz not null default now(),
  primary key (user_id, code_hash)
);
comment on table auth_engine.recovery_codes is 'Recovery codes that are still unused.';

-- --------------------------------------------------------------------------------------------- WebAuthn and providers

create table if not exists auth_engine.challenges (
  digest     text        primary key,
  purpose    text        not null,
  user_id    uuid        references auth.users (id) on update cascade on delete cascade,
  sealed     text,
  expires_at timestamptz not null
);
create index if not exists challenges_expires_at_idx on auth_engine.challenges (expires_at);
comment on table auth_engine.challenges is 'Open WebAuthn challenges; each is consumed by the first answer that names it.';

create table if not exists auth_engine.oauth_states (
  digest     text        primary key,
  provider   text        not null,
  browser    text        not null,
  sealed     text        not null,
  expires_at timestamptz not null,
  used_at    timestamptz
);
create index if not exists oauth_states_expires_at_idx on auth_engine.oauth_states (expires_at);
comment on table auth_engine.oauth_states is 'Sign-ins under way at a provider, bound to a browser by the digest of its cookie.';

create table if not exists auth_engine.provider_tokens (
  id            uuid        primary key references auth.user_providers (id) on update cascade on delete cascade,
  access_token  text        not null,
  refresh_token text,
  token_secret  text,
  expires_at    timestamptz,
  scope         text,
  renewing_until timestamptz,
  updated_at    timestamptz not null default now()
);
comment on table auth_engine.provider_tokens is 'A provider''s own tokens, encrypted.';
comment on column auth_engine.provider_tokens.token_secret is 'Of OAuth 1.0a.';
comment on column auth_engine.provider_tokens.renewing_until is 'Somebody is asking the provider for new ones.';

create table if not exists auth_engine.security_keys (
  id           uuid        primary key references auth.user_security_keys (id) on update cascade on delete cascade,
  created_at   timestamptz          default now(),
  last_used_at timestamptz,
  is_passkey   boolean     not null default false
);
comment on table auth_engine.security_keys is 'What is known of a security key beside its row in auth.user_security_keys.';

-- ------------------------------------------------------------------------------------------------ outbox, audit, limits

create table if not exists auth_engine.outbox (
  id            uuid        primary key default gen_random_uuid(),
  kind          text        not null,
  user_id       uuid        references auth.users (id) on update cascade on delete cascade,
  ticket_digest text,
  sealed        text        not null,
  tries         integer     not null default 0,
  last_failure  text,
  next_try_at   timestamptz not null default now(),
  expires_at    timestamptz not null,
  created_at    timestamptz not null default now()
);
create index if not exists outbox_next_try_at_idx on auth_engine.outbox (next_try_at);
create index if not exists outbox_user_id_idx on auth_engine.outbox (user_id);
comment on table auth_engine.outbox is 'Mails, text messages and webhook calls that have yet to be delivered; encrypted, for they hold live tickets.';

create table if not exists auth_engine.audit (
  id         bigint      generated always as identity primary key,
  at         timestamptz not null default now(),
  user_id    uuid,
  event      text        not null,
  address    text        not null default '',
  user_agent text        not null default '',
  detail     jsonb
);
create index if not exists audit_user_id_idx on auth_engine.audit (user_id, id);
comment on table auth_engine.audit is 'What happened to accounts. Rows outlive the user.';
comment on column auth_engine.audit.event is 'Such as sign-in, sign-up, password-changed, session-reuse.';

create unlogged table if not exists auth_engine.counters (
  key          text        primary key,
  burst        integer     not null,
  seconds      integer     not null,
  window_start timestamptz not null,
  current      integer     not null,
  previous     integer     not null,
  admitted     boolean     not null,
  expires_at   timestamptz not null
) with (fillfactor = 50);
create index if not exists counters_expires_at_idx on auth_engine.counters (expires_at);
comment on table auth_engine.counters is 'Sliding windows of limited requests. Whoever is to be let in again: delete the row.';
comment on column auth_engine.counters.admitted is 'What the last request was told.';

create table if not exists auth_engine.known_sources (
  user_id uuid        not null references auth.users (id) on update cascade on delete cascade,
  source  text        not null,
  seen_at timestamptz not null default now(),
  primary key (user_id, source)
);
comment on table auth_engine.known_sources is 'Digests of addresses that a user signed in from: others'' failures do not stop them there.';

-- --------------------------------------------------------------------------------------------- indexes of auth

-- Hasura Auth has none for these, so what is one user's is looked for among everybody's, and so is a ticket (a link that
-- somebody opens names nothing else). Whoever does not own the tables goes without.
do $$
begin
  create index if not exists auth_engine_users_ticket_idx on auth.users (ticket) where ticket is not null;
  create index if not exists auth_engine_refresh_tokens_user_id_idx on auth.refresh_tokens (user_id);
  create index if not exists auth_engine_user_providers_user_id_idx on auth.user_providers (user_id);
  create index if not exists auth_engine_user_security_keys_user_id_idx on auth.user_security_keys (user_id);
exception when insufficient_privilege then
  raise notice 'the tables of auth belong to another role: they get no indexes';
end
$$;

-- --------------------------------------------------------------------------------------------- triggers of auth.users

-- The triggers stand in store/sql/triggers.sql. Whoever updates auth.users needs no right on anything here.

create or replace function auth_engine.user_disabled() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if new.disabled then
    -- The time on the clock: the transaction may have begun before a session that it has to end.
    insert into auth_engine.disablings (user_id, disabled_at) values (new.id, clock_timestamp())
    on conflict (user_id) do update set disabled_at = excluded.disabled_at;
  end if;
  perform pg_notify('auth_engine_users', new.id::text);
  return null;
end
$$;
comment on function auth_engine.user_disabled() is 'Remembers when a user was disabled, and tells whoever listens.';

create or replace function auth_engine.user_deleted() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into auth_engine.deletions (user_id, deleted_at) values (old.id, clock_timestamp())
  on conflict (user_id) do update set deleted_at = excluded.deleted_at;
  perform pg_notify('auth_engine_users', old.id::text);
  return null;
end
$$;
comment on function auth_engine.user_deleted() is 'Remembers that a user is gone, and tells whoever listens.';

-- Whoever writes the address, what was mailed to the old one opens nothing (a ticket that comes with the new one does).
create or replace function auth_engine.email_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from auth_engine.codes where user_id = new.id;
  if new.ticket is not distinct from old.ticket then
    new.ticket := null;
    new.ticket_expires_at := now();
  end if;
  return new;
end
$$;
comment on function auth_engine.email_changed() is 'Ends the tickets and codes that went to the address before.';

create or replace function auth_engine.end_otp() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.otp_hash := null;
  new.otp_hash_expires_at := now();
  return new;
end
$$;
comment on function auth_engine.end_otp() is 'A code that was sent to the number before proves nothing about another.';

-- Whether a statement sets a column is seen by `before update of` alone. So the first trigger marks (null) what was true
-- before, the second, which fires only where the statement sets the flag, takes the mark away, and the third clears what
-- is still marked.
create or replace function auth_engine.unverify_phone_number() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.phone_number_verified := case tg_argv[0] when 'mark' then null when 'keep' then true else false end;
  return new;
end
$$;
comment on function auth_engine.unverify_phone_number() is 'A new phone number is unverified, unless the statement says otherwise.';

revoke all on function auth_engine.user_disabled(), auth_engine.user_deleted(), auth_engine.email_changed(),
  auth_engine.end_otp(), auth_engine.unverify_phone_number() from public;
