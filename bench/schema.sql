-- A shop's people in ten tenants of a thousand. User n is in tenant (n - 1) % 10 + 1, and so are its organisations.

create table orgs (
    id integer primary key,
    tenant_id integer not null,
    name text not null
);

create table users (
    id integer primary key,
    tenant_id integer not null,
    display_name text not null,
    email text not null unique,
    locale text not null,
    created_at timestamptz not null
);

create table members (
    id integer primary key,
    tenant_id integer not null,
    user_id integer not null references users,
    org_id integer not null references orgs,
    role text not null
);

insert into orgs
select n, (n - 1) % 10 + 1, 'Organisation number ' || n
from generate_series(1, 200) as n;

insert into users
select
    n,
    (n - 1) % 10 + 1,
    'Person number ' || n,
    'person.' || n || '@example.com',
    (array['en', 'de', 'sv', 'ja'])[n % 4 + 1],
    timestamptz '2026-01-01 00:00:00Z' + n * interval '1 hour'
from generate_series(1, 10000) as n;

insert into members
select
    2 * n - place,
    (n - 1) % 10 + 1,
    n,
    -- Two of the tenant's twenty organisations, a hundred members in each.
    (n - 1) % 10 + 1 + 10 * ((n / 10 + 7 * place) % 20),
    (array['owner', 'manager', 'member'])[(n + place) % 3 + 1]
from generate_series(1, 10000) as n, generate_series(0, 1) as place;

create index users_by_tenant on users (tenant_id, id);
create index members_by_user on members (user_id);
create index members_by_org on members (org_id);
