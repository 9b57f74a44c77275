"""People, of whom everybody may know the names and each the rest of their own, with what they own; written so that one
role has several grants, and so that a role inherits the same from two others."""

from __future__ import annotations

SCHEMA = """
create table person (
    id integer primary key, name text not null, email text, pin integer, tags jsonb, is_member boolean, boss_id integer
        references person, unique (email)
);
create table thing (
    id integer primary key, owner_id integer references person, label text, price integer, secret text
);
create table club (id integer primary key, person_id integer references person, word text);
insert into person values
    (1, 'Ada', 'ada@x', 11, '{"k": "a"}', true, null), (2, 'Bo', 'bo@x', 22, '{"k": "b"}', false, 1),
    (3, 'Cy', 'cy@x', 33, '{"k": "c"}', true, 1), (4, 'Di', null, null, null, null, 2);
insert into thing values
    (1, 1, 'axe', 5, 's1'), (2, 1, 'bow', 7, 's2'), (3, 2, 'cup', 9, 's3'), (4, 3, 'dice', 1, 's4'),
    (5, null, 'egg', 2, 's5');
insert into club values (1, 1, 'w1'), (2, 2, 'w2'), (3, 3, 'w3');

create function initial(p person) returns text stable language sql as $$ select left(p.name, 1) $$;
create function pin_twice(p person) returns integer stable language plpgsql as $$ begin
    if p.id = 3 then raise exception 'the pin of 3 is %', p.pin; end if;
    return p.pin * 2;
end $$;
create function things_of(p person) returns setof thing stable language plpgsql as $$ begin
    if p.id = 4 then raise exception 'Di owns nothing'; end if;
    return query select * from thing where owner_id = p.id order by id;
end $$;
create function worth(p person, plus integer default 0) returns integer stable language sql as
    $$ select coalesce(sum(price), 0)::int + plus from thing where owner_id = p.id $$;
create function people() returns setof person stable language sql as $$ select * from person order by id $$;
create function person_of(i integer) returns person stable language sql as $$ select * from person where id = i $$;
create function renamed(suffix text) returns setof person volatile language sql as
    $$ update person set name = name || suffix returning * $$;
create function club_words() returns setof club stable language sql as $$ select * from club $$;
"""

GRANTS = """
version: 1
naming: hasura
roles: { user: {}, dupe: {} }
functions:
  people: { permissions: [user] }
  person_of: { permissions: [user] }
  renamed: { permissions: [user] }
tables:
  person:
    computed_fields: { initial: initial, pin_twice: pin_twice, things_of: things_of, worth: worth }
    permissions:
      user:
        select:
          - { columns: [id, name, boss_id], filter: {}, allow_aggregations: true, computed_fields: [initial] }
          - columns: [email, pin, tags, is_member]
            filter: { id: X-Hasura-User-Id }
            allow_aggregations: true
            computed_fields: [pin_twice, worth]
        insert: { columns: "*", check: {} }
        update: { columns: [name, email, pin, tags], filter: {} }
        delete: { filter: {} }
      dupe:
        select:
          - { columns: [id, name], filter: { id: { _lte: 2 } }, limit: 3, allow_aggregations: true }
          - { columns: [id, pin], filter: { id: { _gte: 2 } }, limit: 2 }
  thing:
    permissions:
      user:
        select:
          - { columns: [id, label, owner_id], filter: {}, allow_aggregations: true }
          - { columns: [price, secret], filter: { owner_id: X-Hasura-User-Id }, allow_aggregations: true }
"""
