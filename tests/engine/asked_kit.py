"""People with computed fields, some of which fail for whoever is hidden."""

from __future__ import annotations

SCHEMA = """
create table person (
    gone text, id integer primary key, name text not null, age integer, hidden boolean not null default false,
    facts jsonb, friend_id integer references person
);
alter table person drop column gone;
create table pet (id integer primary key, person_id integer references person, kind text, hidden boolean default false);
insert into person values
    (1, 'Ada', 30, false, '{"a": 1}', 2), (2, 'Bo', 20, false, '{"a": 2}', 3), (3, 'Cy', 10, true, null, 1),
    (4, 'Di', 40, false, null, null), (5, 'Ed', 50, true, null, null);
insert into pet values (1, 1, 'cat', false), (2, 1, 'dog', true), (3, 2, 'dog', false), (4, 3, 'cat', false);

create function touchy(p person) returns integer stable language plpgsql as $$ begin
    if p.hidden then raise exception '% is hidden', p.name; end if;
    return p.age;
end $$;
create function loud(p person) returns text stable language sql as $$ select upper(p.name) $$;
create function about(p person) returns jsonb stable language sql as $$ select p.facts $$;
create function kinds(p person) returns text[] stable language sql as
    $$ select array_agg(kind order by kind) from pet where person_id = p.id $$;
create function older(p person, than integer default 25) returns boolean stable language sql as
    $$ select p.age > than $$;
create function is_me(p person, session json) returns boolean stable language sql as
    $$ select p.id = (session ->> 'x-hasura-user-id')::int $$;
create function friends_of(p person) returns setof person stable language plpgsql as $$ begin
    if p.hidden then raise exception '% is hidden', p.name; end if;
    return query select * from person where id = p.friend_id;
end $$;
create function pets_of(p person) returns setof pet stable language sql as
    $$ select * from pet where person_id = p.id order by id $$;
create function everybody() returns setof person stable language sql as $$ select * from person order by id $$;
create function writes(p person) returns integer volatile language sql as $$ select 1 $$;
"""
RULES = """
version: 1
naming: hasura
roles: { user: {}, ruled: {}, friendly: {}, bare: {}, counted: {} }
functions: { everybody: { permissions: [user] } }
tables:
  person:
    computed_fields:
      touchy: touchy
      loud: loud
      about: about
      kinds: kinds
      older: older
      is_me: { function: is_me, session_argument: session }
      friends_of: friends_of
      pets_of: pets_of
    permissions:
      user:
        select:
          columns: [id, name, friend_id]
          filter: { hidden: false }
          allow_aggregations: true
          computed_fields: [touchy, loud, about, kinds, older, is_me]
        update: { columns: [name], filter: {} }
        delete: { filter: {} }
        insert: { columns: [id, name, age, friend_id], check: {} }
      ruled:
        select: { columns: [id, name], filter: { _and: [{ loud: { _neq: BO } }, { is_me: true }] } }
        insert: { columns: [id, name], check: { loud: { _like: "E%" } } }
        update: { columns: [name], filter: { is_me: true }, check: { loud: { _neq: X } } }
        delete: { filter: { loud: ADA } }
      friendly:
        select: { columns: [id, name], filter: { pets_of: { kind: dog } } }
        insert: { columns: [id, name, friend_id], check: { friends_of: { name: Ada } } }
      bare: { select: { columns: [id, name], filter: {} } }
      counted: { select: { columns: [id], filter: { about: { _contains: { a: 1 } }, touchy: { _gt: 0 } } } }
  pet:
    permissions:
      user: { select: { columns: [id, kind], filter: { hidden: false }, allow_aggregations: true } }
"""
