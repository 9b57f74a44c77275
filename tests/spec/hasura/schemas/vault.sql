-- Accounts of several owners, with a constraint of every kind: whoever writes meets rows that they cannot see.

create extension if not exists btree_gist;

create table account (
    id integer primary key,
    owner integer not null,
    email text unique,
    name text not null,
    booked int4range,
    sponsor_id integer references account,
    amount integer not null default 0 check (amount >= 0),
    grade text not null default 'c',
    note text,
    constraint account_booked_once exclude using gist (booked with &&),
    constraint account_grade_known check (grade in ('a', 'b', 'c')),
    constraint account_note_of_grade check (note is distinct from 'forged' or grade = 'a')
);
create unique index account_called_once on account (lower(name)) where owner > 0;

create table entry (
    id integer primary key,
    account_id integer not null references account,
    body text not null default ''
);

create table seal (
    account_id integer primary key references account deferrable initially deferred,
    word text
);

-- What a trigger says is nobody's business.
create function refuse() returns trigger language plpgsql as $$
begin
    if new.body = 'refused' then
        raise exception 'entry % of account % is refused', new.id, new.account_id;
    end if;
    return new;
end
$$;
create trigger refuse before insert or update on entry for each row execute function refuse();

insert into account (id, owner, email, name, booked, sponsor_id, amount, grade) values
    (1, 1, 'one@example.com', 'One', '[1,5)', null, 10, 'a'),
    (2, 2, 'two@example.com', 'Two', '[5,9)', 1, 20, 'b'),
    (3, 2, 'three@example.com', 'Three', '[9,12)', null, 30, 'c'),
    (4, 1, 'four@example.com', 'Four', null, null, 40, 'c');
insert into entry (id, account_id, body) values (1, 1, 'a'), (2, 2, 'b'), (3, 4, 'c');
insert into seal values (2, 'hush');
