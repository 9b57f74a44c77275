-- What brings Hasura Auth's schema from version 10 to 18, a statement or several for each version; the names are the
-- versions that they lead to. Version 10 knows no hashed refresh tokens: the token itself is the primary key.

-- name: to_11
alter table auth.refresh_tokens add column refresh_token_hash varchar(255);
update auth.refresh_tokens
set refresh_token_hash = '\x' || encode(sha256(convert_to(refresh_token::text, 'UTF8')), 'hex');

-- name: to_12
alter table auth.refresh_tokens add column metadata jsonb;

-- name: to_13
-- Hasura Auth has an enum here, and a table from 14 on: see there.
alter table auth.refresh_tokens add column type text not null default 'regular';

-- name: to_14
create table auth.refresh_token_types (
  value   text constraint refresh_token_types_pkey primary key,
  comment text
);
comment on table auth.refresh_token_types is 'The kinds of refresh tokens.';
insert into auth.refresh_token_types (value, comment)
values ('regular', 'Regular refresh token'), ('pat', 'Personal access token');
do $$
declare
  enumerated regtype := (
    select t.oid from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = 'auth.refresh_tokens'::regclass and a.attname = 'type' and t.typtype = 'e'
  );
begin
  alter table auth.refresh_tokens alter column type drop default;
  alter table auth.refresh_tokens alter column type type text;
  alter table auth.refresh_tokens alter column type set default 'regular';
  if enumerated is not null then
    execute format('drop type %s', enumerated);
  end if;
end
$$;
alter table auth.refresh_tokens
  add constraint refresh_tokens_types_fkey foreign key (type) references auth.refresh_token_types (value)
  on update restrict on delete restrict;

-- name: to_15
-- The token was the key: rows get another one, since the key is no secret. The hash was a generated column, and stands
-- last from now on.
alter table auth.refresh_tokens rename column refresh_token to id;
comment on column auth.refresh_tokens.id is null;
alter table auth.refresh_tokens alter column id set default gen_random_uuid();
alter table auth.refresh_tokens rename column refresh_token_hash to old_hash;
alter table auth.refresh_tokens add column refresh_token_hash varchar(255);
update auth.refresh_tokens
set refresh_token_hash = coalesce(old_hash, '\x' || encode(sha256(convert_to(id::text, 'UTF8')), 'hex'));
alter table auth.refresh_tokens drop column old_hash;
update auth.refresh_tokens set id = gen_random_uuid();

-- name: to_16
create index if not exists refresh_tokens_refresh_token_hash_expires_at_user_id_idx
  on auth.refresh_tokens (refresh_token_hash, expires_at, user_id);

-- name: to_17
-- A user may have several accounts at one provider.
alter table auth.user_providers drop constraint if exists user_providers_user_id_provider_id_key;

-- name: to_18
insert into auth.providers (id) values ('entraid') on conflict do nothing;
