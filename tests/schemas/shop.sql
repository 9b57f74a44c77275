-- A bookshop with a magazine: small enough to know by heart, wide enough for every kind of question.

create extension citext;

create type article_state as enum ('draft', 'review', 'published');
comment on type article_state is 'How far an article has come';

create domain percentage as numeric(5, 2) check (value between 0 and 100);

-- ---------------------------------------------------------------- the magazine

create table author (
    id integer primary key,
    name text not null,
    email citext not null unique,
    born date,
    biography text,
    languages text[] not null default '{}',
    settings jsonb not null default '{}',
    is_active boolean not null default true,
    mentor_id integer references author,
    password_hash text
);
comment on table author is 'People who write for the magazine';
comment on column author.name is 'As printed below the title';
comment on column author.email is 'Never printed';

create table article (
    id integer primary key,
    author_id integer not null references author,
    title text not null,
    body text not null default '',
    state article_state not null default 'draft',
    rating numeric(3, 1),
    views bigint not null default 0,
    keywords text[] not null default '{}',
    meta jsonb,
    published_at timestamptz,
    reading_time interval,
    length integer generated always as (char_length(body)) stored
);
comment on table article is 'What the magazine prints';
create index on article (author_id);
create unique index article_title_once_published on article (lower(title)) where state = 'published';

create table tag (
    id smallint primary key,
    name text not null unique
);

create table article_tag (
    article_id integer references article on delete cascade,
    tag_id smallint references tag,
    weight double precision not null default 1,
    primary key (article_id, tag_id)
);
create index on article_tag (tag_id);

create table comment (
    id bigint generated always as identity primary key,
    article_id integer not null references article on delete cascade,
    parent_id bigint references comment,
    writer text not null,
    body text not null,
    written_at timestamptz not null default now()
);
create index on comment (article_id);

create view published_article as
select article.id, article.title, article.rating, article.published_at, author.id as author_id, author.name as author_name
from article
join author on author.id = article.author_id
where article.state = 'published';
comment on view published_article is 'What a reader can buy';

-- ---------------------------------------------------------------- the shop

-- A table of allowed values: served as an enum.
create table order_status (
    value text primary key,
    comment text
);

create table customer (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    discount percentage
);

create table product (
    id integer primary key,
    name varchar(80) not null,
    price numeric(10, 2) not null,
    in_stock integer not null default 0,
    article_id integer references article
);

create table purchase (
    id integer primary key,
    customer_id uuid not null references customer,
    status text not null default 'open' references order_status,
    note text,
    placed_at timestamptz not null default now()
);
create index on purchase (customer_id);

create table purchase_line (
    purchase_id integer references purchase on delete cascade,
    position smallint,
    product_id integer not null references product,
    quantity integer not null default 1 check (quantity > 0),
    primary key (purchase_id, position)
);

create function purchase_total(purchase purchase) returns numeric
language sql stable as $$
    select coalesce(sum(line.quantity * product.price), 0)
    from purchase_line line
    join product on product.id = line.product_id
    where line.purchase_id = purchase.id
$$;

create function search_article(search text) returns setof article
language sql stable as $$
    select * from article where title ilike '%' || search || '%'
$$;

-- ---------------------------------------------------------------- rows

insert into author (id, name, email, born, biography, languages, settings, is_active, mentor_id, password_hash) values
    (1, 'Ada Lindqvist', 'ada@example.com', '1971-03-14', 'Writes about machines.', '{sv,en}', '{"theme": "dark", "news": true, "limits": {"daily": 3}}', true, null, 'hash-1'),
    (2, 'Bao Nguyen', 'Bao@Example.com', '1985-11-02', null, '{vi,en,fr}', '{"theme": "light"}', true, 1, 'hash-2'),
    (3, 'Carla Ruiz', 'carla@example.com', null, 'Ink and "quotes".', '{}', '{}', true, 1, null),
    (4, 'Dmitri Öst', 'dmitri@example.com', '1990-01-31', '', '{ru}', '{"theme": "dark", "news": false}', false, 2, 'hash-4');

insert into article (id, author_id, title, body, state, rating, views, keywords, meta, published_at, reading_time) values
    (1, 1, 'Gears', 'How gears turn.', 'published', 4.5, 1200, '{machine,metal}', '{"words": 3, "sources": ["a", "b"]}', '2024-01-05 09:00+00', '5 minutes'),
    (2, 1, 'Looms', 'How looms weave.', 'published', 3.0, 90, '{machine,cloth}', '{"words": 3, "sources": []}', '2024-02-10 18:30+01', '12 minutes'),
    (3, 1, 'Steam', '', 'draft', null, 0, '{}', null, null, null),
    (4, 2, 'Rice', 'A field in spring.', 'published', 4.5, 9007199254740993, '{food}', '{"words": 4, "editor": {"name": "Carla"}}', '2024-01-05 09:00+00', '1 hour'),
    (5, 2, 'Rain_100%', 'It falls.', 'review', 2.5, 7, '{weather,food}', '{}', null, '00:02:30'),
    (6, 3, 'Ink', 'Black on white.', 'published', 5.0, 300, '{metal}', '[1, 2, 3]', '2024-03-01 00:00+00', null);

insert into tag (id, name) values (1, 'craft'), (2, 'nature'), (3, 'history'), (4, 'unused');

insert into article_tag (article_id, tag_id, weight) values
    (1, 1, 1), (1, 3, 0.5), (2, 1, 1), (4, 2, 1), (5, 2, 0.25), (6, 1, 2), (6, 3, 0.125);

insert into comment (article_id, parent_id, writer, body, written_at) values
    (1, null, 'reader', 'Lovely.', '2024-01-06 10:00+00'),
    (1, 1, 'ada', 'Thank you.', '2024-01-06 11:00+00'),
    (4, null, 'reader', 'Hungry now.', '2024-01-07 10:00+00');

insert into order_status (value, comment) values
    ('open', 'Not paid yet'), ('paid', 'Paid, not sent'), ('sent', null);

insert into customer (id, name, discount) values
    ('00000000-0000-4000-8000-000000000001', 'Elsa', 10),
    ('00000000-0000-4000-8000-000000000002', 'Farid', null),
    ('00000000-0000-4000-8000-000000000003', 'Gwen', 0);

insert into product (id, name, price, in_stock, article_id) values
    (1, 'Gears, the poster', 12.50, 40, 1),
    (2, 'Ink, black', 7.99, 0, 6),
    (3, 'Mug', 9.00, 12, null);

insert into purchase (id, customer_id, status, note, placed_at) values
    (1, '00000000-0000-4000-8000-000000000001', 'paid', null, '2024-04-01 12:00+00'),
    (2, '00000000-0000-4000-8000-000000000001', 'open', 'ring twice', '2024-04-02 12:00+00'),
    (3, '00000000-0000-4000-8000-000000000002', 'sent', null, '2024-04-03 12:00+00');

insert into purchase_line (purchase_id, position, product_id, quantity) values
    (1, 1, 1, 1), (1, 2, 2, 2), (2, 1, 3, 4), (3, 1, 1, 1), (3, 2, 3, 1);
