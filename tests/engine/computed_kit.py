"""Authors and articles with functions of every kind, and rules that turn them into fields."""

from __future__ import annotations

SCHEMA = """
create domain short as varchar(40) check (value <> 'never');
create type mood as enum ('glad', 'sad');
create table author (
    gone text, id integer primary key, first_name short not null, last_name text, secret text default 'hush',
    wide bigint not null default 9007199254740993, born date, shout text generated always as (upper(first_name)) stored
);
alter table author drop column gone;
create table article (
    id integer primary key, author_id integer references author, title text not null, draft boolean default false
);
create table diary (id integer primary key, author_id integer, line text);
create view writer as select id, first_name from author;
insert into author (id, first_name, last_name) values (1, 'Ada', 'Lind'), (2, 'Bo', null);
insert into article values (1, 1, 'Bees', false), (2, 1, 'Ants', false), (3, 1, 'Owls', true), (4, 2, 'Bats', false);
insert into diary values (1, 1, 'dear');

create function full_name(author) returns text stable language sql as
    $$ select concat_ws(' ', ($1).first_name, ($1).last_name) $$;
create function secret_length(a author) returns integer stable language sql as $$ select length(a.secret) $$;
create function greeting(word text, a author, "end" text default '!', times integer default 1)
    returns text stable language sql as $$ select repeat(word || ' ' || a.first_name || "end", times) $$;
create function places(a author, integer default 7, integer default 8) returns integer[] stable language sql as
    $$ select array[$2, $3] $$;
create function late(x text default 'x', a author default null, s jsonb default null) returns text stable language sql
    as $$ select x || a.first_name || (s ->> 'x-hasura-role') $$;
create function wide_sum(a author) returns bigint stable language sql as $$ select a.wide + 1 $$;
create function facts(a author) returns jsonb stable language sql as
    $$ select jsonb_build_object('name', a.first_name, 'tags', '["x", "y"]'::jsonb) $$;
create function who(a author, session json) returns text stable language sql as
    $$ select (session ->> 'x-hasura-role') || ':' || (session ->> 'x-hasura-user-id') || ':' || a.first_name $$;
create function feels(a author, how mood default 'glad') returns mood stable language sql as $$ select how $$;
create function named(a author, text_of short) returns short stable language sql as $$ select text_of $$;
create function named(a article) returns text stable language sql as $$ select a.title $$;
create function "odd "" name"(a author) returns text stable language sql as $$ select 'odd' $$;
create function articles_of(a author, search text default '%') returns setof article stable language sql as
    $$ select * from article where author_id = a.id and title like search order by id $$;
create function authors_of(a article) returns setof author stable language sql as
    $$ select * from author where id = a.author_id $$;
create function lines_of(a author) returns setof diary stable language sql as
    $$ select * from diary where author_id = a.id $$;
create function initial(w writer) returns text stable language sql as $$ select left(w.first_name, 1) $$;
create function nobody() returns text language sql as $$ select '' $$;
create function all_of(variadic a author[]) returns text language sql as $$ select '' $$;
create function with_rest(a author, variadic rest text[]) returns text language sql as $$ select '' $$;
create function nothing(a author) returns void language sql as $$ select $$;
create function any_of(a author, b anyelement) returns text language sql as $$ select '' $$;
create function row_of(a author, b article) returns text language sql as $$ select '' $$;
create function one_article(a author) returns article language sql as $$ select * from article limit 1 $$;
create function titles(a author) returns setof text language sql as $$ select title from article $$;
create function pairs(a author) returns table (x integer, y integer) language sql as $$ select 1, 2 $$;
create function out_of(a author, out x integer) language sql as $$ select 1 $$;
create function spelled(a author, "not-graphql" text) returns text language sql as $$ select '' $$;
create function twice(a author) returns text language sql as $$ select '' $$;
create function twice(a author, b text) returns text language sql as $$ select '' $$;
create procedure done(a author) language sql as $$ select 1 $$;
"""

RULES = """
version: 1
naming: hasura
roles: { user: {}, reader: {}, listed: {}, writer: {} }
tables:
  author:
    hide: [secret]
    computed_fields:
      full_name: full_name
      secret_length: { function: secret_length, table_argument: a }
      greeting: { function: greeting, table_argument: a }
      places: places
      wide_sum: wide_sum
      facts: facts
      who: { function: public.who, session_argument: session, comment: Who asks. }
      late: { function: late, table_argument: a, session_argument: s }
      feels: feels
      named: named
      odd: { function: { name: 'odd " name' } }
      found: articles_of
      lines: lines_of
    permissions:
      user:
        select: { columns: [id, first_name], filter: { id: { _eq: X-Hasura-User-Id } }, computed_fields: [full_name] }
      reader:
        select: { columns: [id], filter: {} }
      listed:
        select: { columns: [], filter: {}, computed_fields: [full_name, who] }
      writer:
        select: { columns: [id], filter: {}, computed_fields: [full_name, secret_length, greeting] }
        insert: { columns: [id, first_name, last_name], check: {} }
        update: { columns: [id, first_name, last_name], filter: {} }
        delete: { filter: {} }
  article:
    computed_fields:
      named: named
      writers: authors_of
    permissions:
      user:
        select: { columns: [id, title], filter: { draft: { _eq: false } }, limit: 2 }
      writer:
        select: { columns: [id, title], filter: { draft: { _eq: false } }, computed_fields: [named] }
        insert: { columns: [id, title, author_id], check: {} }
  writer:
    computed_fields: { initial: initial }
  diary: {}
"""
