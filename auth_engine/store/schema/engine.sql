-- What the auth engine keeps beside Hasura Auth's nine tables, to which no column is added.
--
-- Every row of a user goes when the user goes, but the audit log, which outlives them. Nothing here is readable where a
-- reader would gain by it: tokens, tickets and codes are digests, what must be read back is encrypted (`enc:v1:…`).
-- Statements are run one by one at every start, so each of them can be run again.

create schema if not exists auth_engine;
comment on schema auth_engine is 'What the auth engine keeps beside the schema auth.';

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
comment on table auth_engine.codes is 'Codes that have no column in auth.users: phone-number changes (subject: the new number) and elevation by mail.';

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
  expires_at    timestamptz,
  scope         text,
  updated_at    timestamptz not null default now()
);
comment on table auth_engine.provider_tokens is 'A provider''s own tokens, encrypted.';

create table if not exists auth_engine.security_keys (
  id           uuid        primary key references auth.user_security_keys (id) on update cascade on delete cascade,
  created_at   timestamptz not null default now(),
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
  window_start timestamptz not null,
  current      integer     not null,
  previous     integer     not null default 0,
  expires_at   timestamptz not null
);
create index if not exists counters_expires_at_idx on auth_engine.counters (expires_at);
comment on table auth_engine.counters is 'Sliding windows of limited requests.';

create table if not exists auth_engine.known_sources (
  account    text        not null,
  source     text        not null,
  seen_at    timestamptz not null default now(),
  primary key (account, source)
);
comment on table auth_engine.known_sources is 'Digests of sources that signed in to an account before: others'' failures do not stop them.';
