-- The start: what is there, what is missing, who may do what.
--
-- Catalogs are read, not `to_regclass` and its kin: those need rights on the schema that is looked into.

-- name: lock
-- Of instances that start at once each waits for the one before it. Ends with the transaction (PgBouncer).
select pg_advisory_xact_lock($1);

-- name: search_path
set local search_path = pg_catalog, public;

-- name: who
select current_user::text;

-- name: state
select
  current_user::text as role,
  current_database()::text as database,
  has_database_privilege(current_database(), 'create') as may_create_schemas,
  (select n.nspname::text from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
   where e.extname = 'citext') as citext_schema,
  (select has_schema_privilege(oid, 'create') and has_schema_privilege(oid, 'usage')
   from pg_catalog.pg_namespace where nspname = 'auth') as auth_writable,
  (select has_schema_privilege(oid, 'create') and has_schema_privilege(oid, 'usage')
   from pg_catalog.pg_namespace where nspname = 'auth_engine') as engine_writable,
  coalesce(array_agg(n.nspname || '.' || c.relname), '{}') as tables,
  coalesce(array_agg(n.nspname || '.' || c.relname) filter (where pg_has_role(c.relowner, 'usage')), '{}') as owned
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('auth', 'auth_engine') and c.relkind in ('r', 'p');

-- name: create_citext
create extension if not exists citext schema public;

-- name: create_auth
create schema auth;
comment on schema auth is 'Users, their credentials and their sessions. Columns and constraints are those of Hasura Auth.';

-- name: create_engine
create schema auth_engine;
comment on schema auth_engine is 'What the auth engine keeps beside the schema auth.';

-- name: auth_version
select max(version)::bigint as version, bool_or(dirty) as dirty from auth.schema_migrations;

-- name: node_version
-- The table of Hasura Auth's Node.js version.
select max(id)::bigint from auth.migrations;

-- name: create_versions
create table if not exists auth.schema_migrations (
  version bigint  not null constraint schema_migrations_pkey primary key,
  dirty   boolean not null
);
comment on table auth.schema_migrations is 'The version of the auth schema.';

-- name: record_version
with gone as (
  delete from auth.schema_migrations where version <> $1::bigint
)
insert into auth.schema_migrations (version, dirty) values ($1::bigint, false) on conflict do nothing;

-- name: columns
select c.relname::text as table, a.attname::text as column
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'auth' and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped;

-- name: unknown_secrets
-- TOTP secrets in use that are neither Base32 nor encrypted by us.
select exists (
  select from auth.users
  where active_mfa_type = 'totp' and totp_secret is not null
    and totp_secret !~ '^[A-Z2-7]+=*$' and totp_secret !~ '^enc:v1:'
);

-- name: engine_version
select coalesce(max(version), 0)::bigint from auth_engine.schema_version;

-- name: record_engine_version
with gone as (
  delete from auth_engine.schema_version
)
insert into auth_engine.schema_version (version) values ($1::bigint);

-- name: missing_roles
select role from unnest($1::text[]) as role where role not in (select r.role from auth.roles r);

-- name: insert_roles
insert into auth.roles (role) select unnest($1::text[]) on conflict do nothing;

-- name: triggers
select t.tgname::text
from pg_catalog.pg_trigger t
join pg_catalog.pg_class c on c.oid = t.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'auth' and c.relname = 'users' and t.tgname like 'auth\_engine\_%';

-- name: note_disabled
-- Who was disabled before anybody wrote it down.
insert into auth_engine.disablings (user_id) select id from auth.users where disabled on conflict do nothing;

-- name: may_make_triggers
select has_table_privilege('auth.users', 'trigger');

-- name: lacking
-- Of the rights ($2: schema.table, $3: privilege) those that a role lacks. A row without a table is about the schema.
select w.name, w.privilege
from unnest($2::text[], $3::text[]) as w (name, privilege)
left join pg_catalog.pg_namespace n on n.nspname = split_part(w.name, '.', 1)
left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = split_part(w.name, '.', 2)
where case
  when position('.' in w.name) = 0 then not has_schema_privilege($1, n.oid, w.privilege)
  else not has_table_privilege($1, c.oid, w.privilege)
end;

-- name: lacks_engine
select not has_schema_privilege($1, n.oid, 'usage') or exists (
  select from pg_catalog.pg_class c
  where c.relnamespace = n.oid and c.relkind in ('r', 'p')
    and not (has_table_privilege($1, c.oid, 'select') and has_table_privilege($1, c.oid, 'insert')
      and has_table_privilege($1, c.oid, 'update') and has_table_privilege($1, c.oid, 'delete'))
)
from pg_catalog.pg_namespace n where n.nspname = 'auth_engine';

-- name: grant_engine_schema
grant usage on schema auth_engine to :role;

-- name: grant_engine_tables
grant select, insert, update, delete on all tables in schema auth_engine to :role;
