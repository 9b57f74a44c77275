-- The database of the example: the `auth` schema, the log of what happened to accounts, and a small application around
-- them.
--
-- Apply it to an empty database:  psql -v ON_ERROR_STOP=1 -f schema.sql
-- It needs Postgres 15 or newer and, of the contrib modules, only citext. Comments on tables and columns become the
-- descriptions of the GraphQL schema, so they are written for its readers.

create extension if not exists citext schema public;

-- ------------------------------------------------------------------------------------------------ auth: who may sign in

create schema auth;
comment on schema auth is 'Users, their credentials and their sessions. Columns and constraints are those of Hasura Auth.';

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

create table auth.schema_migrations (
  version bigint  not null constraint schema_migrations_pkey primary key,
  dirty   boolean not null
);
comment on table auth.schema_migrations is 'The version of the auth schema.';

insert into auth.schema_migrations (version, dirty) values (18, false);

-- ---------------------------------------------------------------------- auth_engine: what happened to users' accounts
-- The one table of the auth engine that is for reading; it makes the others itself, at its first start.

create schema if not exists auth_engine;
comment on schema auth_engine is 'What the auth engine keeps beside the schema auth.';

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

-- ---------------------------------------------------------------------------------- public: organisations and their work
-- org, member and user_app keep the camel-case column names of the application that they come from. member."userId" and
-- user_app."userId" have no foreign key: permissions.yaml says how they are joined.

create type public.member_role as enum ('owner', 'manager', 'member', 'guest');
comment on type public.member_role is 'What somebody is in an organisation.';

create table public.org (
  id          uuid        not null default gen_random_uuid() constraint org_pkey primary key,
  name        text        not null,
  slug        text        not null constraint org_slug_key unique,
  archived    boolean     not null default false,
  "createdAt" timestamptz not null default now()
);
comment on table public.org is 'An organisation: people who work together.';
comment on column public.org.slug is 'Short name for addresses.';

create table public.member (
  id            uuid               not null default gen_random_uuid() constraint member_pkey primary key,
  "orgId"       uuid               not null,
  "userId"      uuid,
  name          text               not null,
  role          public.member_role not null default 'member',
  archived      boolean            not null default false,
  description   text               not null default '',
  picture       text,
  "inviteEmail" text,
  "inviteDate"  timestamptz,
  constraint "member_orgId_userId_key" unique ("orgId", "userId"),
  constraint "member_orgId_fkey" foreign key ("orgId") references public.org (id) on update cascade on delete cascade
);
create index "member_userId_idx" on public.member ("userId");
comment on table public.member is 'Somebody''s place in an organisation. Without a user it is an open invitation.';
comment on column public.member."userId" is 'Null until the invitation is accepted.';
comment on column public.member.name is 'The name used inside this organisation.';
comment on column public.member.archived is 'Has left; kept because tasks still name them.';

create table public.user_app (
  id       uuid  not null default gen_random_uuid() constraint user_app_pkey primary key,
  "userId" uuid  not null,
  type     text  not null,
  config   jsonb not null default '{}'
);
create index "user_app_userId_idx" on public.user_app ("userId");
comment on table public.user_app is 'Another application that a user has connected, with its settings.';

create table public.task_status (
  value   text constraint task_status_pkey primary key,
  comment text
);
comment on table public.task_status is 'The states of a task. Its rows are the values of a GraphQL enum.';

insert into public.task_status (value, comment)
values ('backlog', 'Not planned yet'),
       ('planned', 'Will be done, not begun'),
       ('active', 'Somebody is at it'),
       ('done', 'Finished'),
       ('dropped', 'Will not be done');

create table public.project (
  id         uuid        not null default gen_random_uuid() constraint project_pkey primary key,
  org_id     uuid        not null,
  lead_id    uuid,
  name       text        not null,
  summary    text        not null default '',
  starts_on  date,
  budget     numeric(12, 2),
  created_at timestamptz not null default now(),
  constraint project_org_id_name_key unique (org_id, name),
  constraint project_org_id_fkey foreign key (org_id) references public.org (id) on update cascade on delete cascade,
  constraint project_lead_id_fkey foreign key (lead_id) references public.member (id) on update cascade on delete set null
);
create index project_lead_id_idx on public.project (lead_id);
comment on table public.project is 'A piece of work with a beginning and, one hopes, an end.';
comment on column public.project.lead_id is 'The member who answers for it.';
comment on column public.project.budget is 'In the organisation''s own currency.';

create table public.task (
  id          uuid        not null default gen_random_uuid() constraint task_pkey primary key,
  number      bigint      not null generated always as identity constraint task_number_key unique,
  project_id  uuid        not null,
  parent_id   uuid,
  assignee_id uuid,
  status      text        not null default 'backlog',
  title       text        not null,
  labels      text[]      not null default '{}',
  metadata    jsonb       not null default '{}',
  estimate    numeric(6, 2) constraint task_estimate_check check (estimate >= 0),
  due_on      date,
  done_at     timestamptz,
  created_at  timestamptz not null default now(),
  is_late     boolean     generated always as (done_at is not null and (done_at at time zone 'UTC')::date > due_on) stored,
  constraint task_project_id_fkey foreign key (project_id) references public.project (id) on update cascade on delete cascade,
  constraint task_parent_id_fkey foreign key (parent_id) references public.task (id) on update cascade on delete set null,
  constraint task_assignee_id_fkey foreign key (assignee_id) references public.member (id) on update cascade on delete set null,
  constraint task_status_fkey foreign key (status) references public.task_status (value) on update cascade on delete restrict
);
create index task_project_id_idx on public.task (project_id);
create index task_parent_id_idx on public.task (parent_id);
create index task_assignee_id_idx on public.task (assignee_id);
create index task_metadata_idx on public.task using gin (metadata jsonb_path_ops);
comment on table public.task is 'One thing to do within a project.';
comment on column public.task.number is 'Counts up over all projects; people say "task 42".';
comment on column public.task.parent_id is 'The task that this one is a part of.';
comment on column public.task.labels is 'Free words, in the order they were put.';
comment on column public.task.estimate is 'In days.';
comment on column public.task.is_late is 'True when it was finished after its due date.';

-- Functions that GraphQL serves: a field of a row, a list to search, and a change.
create function public.task_is_overdue(task public.task) returns boolean stable language sql as $$
  select task.done_at is null and task.due_on < current_date
$$;
comment on function public.task_is_overdue is 'True when it is not finished and should be.';

create function public.tasks_about(words text) returns setof public.task stable language sql as $$
  select task.* from public.task where strpos(lower(task.title), lower(words)) > 0 or words = any (task.labels)
$$;
comment on function public.tasks_about is 'Tasks that have the words in their title, or as a label.';

-- What a function writes is its own affair: the rules judge what it returns, so it must judge what it does.
create function public.finish_task(task_id uuid, session json) returns setof public.task volatile language sql as $$
  update public.task set status = 'done', done_at = now()
  from public.member
  where task.id = task_id and member.id = task.assignee_id
    and member."userId"::text = session ->> 'x-hasura-user-id'
  returning task.*
$$;
comment on function public.finish_task is 'Finishes a task that is the caller''s own.';

-- security_invoker needs Postgres 15. Without it the view would read its tables as its owner.
create view public.org_overview with (security_invoker) as
select
  org.id as org_id,
  org.name,
  (select count(*) from public.member where member."orgId" = org.id and not member.archived) as member_count,
  (select count(*) from public.project where project.org_id = org.id) as project_count,
  (
    select count(*)
    from public.task
    join public.project on project.id = task.project_id
    where project.org_id = org.id and task.status not in ('done', 'dropped')
  ) as open_task_count
from public.org;
comment on view public.org_overview is 'An organisation in numbers.';
comment on column public.org_overview.open_task_count is 'Tasks neither done nor dropped.';
