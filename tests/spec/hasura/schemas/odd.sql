-- Names that nobody should choose, types that live off the search path, and types that few use.

create schema extensions;
create extension citext schema extensions;
create extension ltree schema extensions;
create extension hstore schema extensions;

create schema "od""d schema";

create type "od""d schema"."mo'od" as enum ('fine', 'so-so', 'not "good"');

create table "od""d schema"."ta'ble; drop table x" (
    id integer primary key,
    "sel""ect" text,
    "semi;colon" integer,
    "back\slash" text,
    "~0" integer,
    "~n" integer,
    "Upper" text,
    "übung" text,
    "a.b" text,
    "$1" text,
    "{x}" text,
    "mo'od" "od""d schema"."mo'od"
);
comment on column "od""d schema"."ta'ble; drop table x"."back\slash" is 'It''s \ a "comment"';

insert into "od""d schema"."ta'ble; drop table x" values
    (1, 'one', 10, 'a\b', 3, 1, 'U', 'ü', 'dot', 'dollar', 'brace', 'fine'),
    (2, 'two', 20, 'c\\d', 2, 2, 'V', 'ö', 'dut', 'dallar', 'broce', 'not "good"'),
    (3, null, null, null, 1, 3, null, null, null, null, null, 'so-so');

create table child (
    id integer primary key,
    parent_id integer not null references "od""d schema"."ta'ble; drop table x",
    path extensions.ltree not null,
    paths extensions.ltree[] not null default '{}',
    word extensions.citext not null
);

insert into child values
    (1, 1, 'top', '{}', 'Alpha'),
    (2, 1, 'top.science', '{top.science.math}', 'BETA'),
    (3, 2, 'top.science.math', '{top.arts, top.arts.music}', 'beta'),
    (4, 3, 'top.arts', '{}', 'gamma');

create table word (
    word extensions.citext primary key,
    meaning text
);
insert into word values ('ALPHA', 'the first'), ('Beta', 'the second');
alter table child add foreign key (word) references word not valid;

create materialized view word_count as
select word, count(*) as times from child group by word;
comment on materialized view word_count is 'How often';

create table everything (
    id integer primary key,
    small smallint,
    single real,
    double double precision,
    money money,
    character character(5),
    bytes bytea,
    bits bit(4),
    many_bits bit varying,
    clock time,
    zoned timetz,
    local timestamp,
    network inet,
    hardware macaddr,
    point point,
    box box,
    plain json,
    pairs extensions.hstore,
    numbers int4range,
    spans tstzrange,
    several int4multirange,
    matrix integer[][],
    flags boolean[],
    documents jsonb[],
    moods "od""d schema"."mo'od"[],
    "char" "char",
    name name,
    search tsvector,
    huge numeric
);

insert into everything values (
    1, -7, 1.5, 'NaN', 12.5, 'ab', '\xdeadbeef', b'1010', b'10', '10:20:30', '10:20:30+02', '2024-02-29 12:00:00',
    '10.0.0.0/8', '08:00:2b:01:02:03', '(1,2)', '((0,0),(1,1))', '{"b": 1,   "a": 2}', 'a=>1, b=>NULL',
    '[1,5)', '[2024-01-01 00:00+00,)', '{[1,3),[5,7)}', '{{1,2},{3,4}}', '{t,f,null}', '{"{\"a\": 1}", "[]"}',
    '{fine,"not \"good\""}', 'x', 'name', 'a:1 b:2', 123456789012345678901234567890.5
);
insert into everything (id) values (2);
