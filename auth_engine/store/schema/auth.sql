-- The schema `auth` as Hasura Auth leaves it at version 18: names, types, order of columns, constraints and comments.
-- Run once, in a schema `auth` without users; needs citext and nothing else of the contrib modules. The start makes both,
-- and records the version (store/takeover.py).

-- The address pattern that browsers use for <input type="email">.
create domain auth.email as public.citext
  constraint email_check check (
    value ~ '^[a-zA-Z0-9.!#$%&''*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$'
  );

create function auth.set_current_timestamp_updated_at() returns trigger
language plpgsql as $$
begin
  new.updated_at = now();
  return new;
end
$$;

create table auth.roles (
  role text constraint roles_pkey primary key
);
comment on table auth.roles is 'Every role that a user may be given.';
comment on column auth.roles.role is 'The role''s name, as it appears in permissions.yaml and in a ticket.';

insert into auth.roles (role) values ('user'), ('anonymous'), ('me');

create table auth.users (
  id                         uuid        not null default gen_random_uuid(),
  created_at                 timestamptz not null default now(),
  updated_at                 timestamptz not null default now(),
  last_seen                  timestamptz,
  disabled                   boolean     not null default false,
  display_name               text        not null default '',
  avatar_url                 text        not null default '',
  locale                     varchar(2)  not null,
  email                      auth.email,
  phone_number               text,
  password_hash              text,
  email_verified             boolean     not null default false,
  phone_number_verified      boolean     not null default false,
  new_email                  auth.email,
  otp_method_last_used       text,
  otp_hash                   text,
  otp_hash_expires_at        timestamptz not null default now(),
  default_role               text        not null default 'user',
  is_anonymous               boolean     not null default false,
  totp_secret                text,
  active_mfa_type            text,
  ticket                     text,
  ticket_expires_at          timestamptz not null default now(),
  metadata                   jsonb,
  webauthn_current_challenge text,
  constraint users_pkey primary key (id),
  constraint users_email_key unique (email),
  constraint users_phone_number_key unique (phone_number),
  constraint active_mfa_types_check check (active_mfa_type in ('totp', 'sms')),
  constraint fk_default_role foreign key (default_role) references auth.roles (role)
    on update cascade on delete restrict
);
comment on table auth.users is 'A person who can sign in, or an anonymous visitor who was given an account.';
comment on column auth.users.last_seen is 'When the user last signed in or renewed a session.';
comment on column auth.users.disabled is 'A disabled user can sign in nowhere.';
comment on column auth.users.display_name is 'The name others see. Empty when none was given.';
comment on column auth.users.avatar_url is 'Address of a picture. Empty when there is none.';
comment on column auth.users.locale is 'Two-letter language code.';
comment on column auth.users.email is 'Compared without regard to case.';
comment on column auth.users.new_email is 'The address that takes the place of `email` once it is confirmed.';
comment on column auth.users.default_role is 'The role of a request that names none.';
comment on column auth.users.is_anonymous is 'An account without credentials, made for a visitor.';
comment on column auth.users.active_mfa_type is 'The second factor in use: totp, sms, or none.';
comment on column auth.users.metadata is 'Free JSON of the application.';
comment on column auth.users.password_hash is 'A hash of the password; never readable through the API.';
comment on column auth.users.totp_secret is 'The secret of the second factor; never readable through the API.';
comment on column auth.users.ticket is 'A one-time ticket of a pending confirmation; never readable through the API.';
comment on column auth.users.webauthn_current_challenge is 'Not used any more; kept for older migrations.';

create trigger set_auth_users_updated_at before update on auth.users
  for each row execute function auth.set_current_timestamp_updated_at();

create table auth.user_roles (
  id         uuid        not null default gen_random_uuid() constraint user_roles_pkey primary key,
  created_at timestamptz not null default now(),
  user_id    uuid        not null,
  role       text        not null,
  constraint user_roles_user_id_role_key unique (user_id, role),
  constraint fk_user foreign key (user_id) references auth.users (id) on update cascade on delete cascade,
  constraint fk_role foreign key (role) references auth.roles (role) on update cascade on delete restrict
);
comment on table auth.user_roles is 'Which roles a user may take.';

create table auth.refresh_token_types (
  value   text constraint refresh_token_types_pkey primary key,
  comment text
);
comment on table auth.refresh_token_types is 'The kinds of refresh tokens.';

insert into auth.refresh_token_types (value, comment)
values ('regular', 'Regular refresh token'), ('pat', 'Personal access token');

create table auth.refresh_tokens (
  id                 uuid         not null default gen_random_uuid() constraint refresh_tokens_pkey primary key,
  created_at         timestamptz  not null default now(),
  expires_at         timestamptz  not null,
  user_id            uuid         not null,
  metadata           jsonb,
  type               text         not null default 'regular',
  refresh_token_hash varchar(255),
  constraint fk_user foreign key (user_id) references auth.users (id) on update cascade on delete cascade,
  constraint refresh_tokens_types_fkey foreign key (type) references auth.refresh_token_types (value)
    on update restrict on delete restrict
);
create index refresh_tokens_refresh_token_hash_expires_at_user_id_idx
  on auth.refresh_tokens (refresh_token_hash, expires_at, user_id);
comment on table auth.refresh_tokens is 'Sessions and personal access tokens.';
comment on column auth.refresh_tokens.metadata is 'What the owner noted about it, such as the name of a personal access token.';
comment on column auth.refresh_tokens.refresh_token_hash is 'A hash of the token; never readable through the API.';

create table auth.providers (
  id text constraint providers_pkey primary key
);
comment on table auth.providers is 'Services that a user may sign in with.';

insert into auth.providers (id)
values ('github'), ('facebook'), ('twitter'), ('google'), ('apple'), ('linkedin'), ('windowslive'), ('spotify'),
       ('strava'), ('gitlab'), ('bitbucket'), ('discord'), ('twitch'), ('workos'), ('azuread'), ('entraid');

create table auth.user_providers (
  id               uuid        not null default gen_random_uuid() constraint user_providers_pkey primary key,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  user_id          uuid        not null,
  access_token     text        not null,
  refresh_token    text,
  provider_id      text        not null,
  provider_user_id text        not null,
  constraint user_providers_provider_id_provider_user_id_key unique (provider_id, provider_user_id),
  constraint fk_user foreign key (user_id) references auth.users (id) on update cascade on delete cascade,
  constraint fk_provider foreign key (provider_id) references auth.providers (id) on update cascade on delete restrict
);
comment on table auth.user_providers is 'A user''s accounts at other services.';
comment on column auth.user_providers.access_token is 'The service''s own token; never readable through the API.';
comment on column auth.user_providers.refresh_token is 'The service''s own token; never readable through the API.';
comment on column auth.user_providers.provider_user_id is 'The user''s id at the service.';

create trigger set_auth_user_providers_updated_at before update on auth.user_providers
  for each row execute function auth.set_current_timestamp_updated_at();

create table auth.provider_requests (
  id      uuid not null constraint provider_requests_pkey primary key,
  options jsonb
);
comment on table auth.provider_requests is 'Sign-ins under way at another service. Not used any more; kept for older migrations.';

create table auth.user_security_keys (
  id                    uuid         not null default gen_random_uuid() constraint user_security_keys_pkey primary key,
  user_id               uuid         not null,
  credential_id         text         not null,
  credential_public_key bytea,
  counter               bigint       not null default 0,
  transports            varchar(255) not null default '',
  nickname              text,
  constraint user_security_key_credential_id_key unique (credential_id),
  constraint fk_user foreign key (user_id) references auth.users (id) on update cascade on delete cascade
);
comment on table auth.user_security_keys is 'A user''s security keys and passkeys.';
comment on column auth.user_security_keys.nickname is 'What the user calls the key.';
