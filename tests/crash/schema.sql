-- A write makes an entry with its lines and counts it: all of that, or nothing. Or it makes a note, which takes but one
-- statement.

create table counters (
    id integer primary key,
    value bigint not null default 0
);

create table entries (
    id uuid primary key,
    counter_id integer not null references counters,
    writer text not null
);

create table lines (
    entry_id uuid not null references entries,
    place integer not null,
    primary key (entry_id, place)
);

create table notes (
    id uuid primary key,
    writer text not null
);

insert into counters (id) values (1), (2), (3);
