-- Rows to play with: 4 organisations, 60 users, their projects and tasks. Every id is built from a number, so that
-- examples can be pasted: user 1 is 00000000-0000-4000-8000-000000000001, organisation 1 is 00000000-0000-4000-8001-….
-- Nobody has a password; `usher up` prints a ticket for user 1.

create function pg_temp.demo_id(kind int, number int) returns uuid language sql immutable as $$
  select format('00000000-0000-4000-80%s-%s', lpad(kind::text, 2, '0'), lpad(number::text, 12, '0'))::uuid
$$;

insert into auth.roles (role) values ('manager') on conflict do nothing;

insert into auth.users (id, created_at, last_seen, disabled, display_name, avatar_url, locale, email, phone_number,
                        email_verified, phone_number_verified, new_email, default_role, is_anonymous, metadata)
select
  pg_temp.demo_id(0, n),
  timestamptz '2024-01-08 09:00+00' + n * interval '31 hours',
  case when n % 7 <> 0 then timestamptz '2025-06-02 08:00+00' - n * interval '5 hours' end,
  n % 29 = 0,
  person.name,
  case when n % 3 = 0 then '' else format('https://example.com/avatars/%s.png', n) end,
  (array['en', 'de', 'fr', 'es', 'vi', 'pt'])[1 + n % 6],
  translate(lower(replace(person.name, ' ', '.')), 'áèćöíø', 'aecoio') || '@example.com',
  case when n % 4 = 0 then '+4420794600' || lpad(n::text, 2, '0') end,
  n % 5 <> 0,
  n % 8 = 0,
  case when n % 17 = 0 then format('new.address.%s@example.com', n) end,
  'user',
  false,
  jsonb_build_object('theme', (array['light', 'dark', 'system'])[1 + n % 3], 'onboarded', n % 6 <> 0,
                     'timezone', (array['Europe/London', 'Europe/Berlin', 'Asia/Ho_Chi_Minh', 'America/Lima'])[1 + n % 4])
from unnest(array[
  'Ada Lindqvist', 'Bruno Carvalho', 'Chiara Fontana', 'Daniel Okafor', 'Elif Yilmaz', 'Farid Rahimi',
  'Grace Nakamura', 'Hugo Lefèvre', 'Ines Marković', 'Jonas Albrecht', 'Katarzyna Nowak', 'Liam Gallagher',
  'Mai Nguyen', 'Noah Bergström', 'Olga Petrenko', 'Pablo Quispe', 'Qing Zhao', 'Rosa Delgado',
  'Samir Haddad', 'Tessa de Vries', 'Umar Siddiqui', 'Valentina Rossi', 'Wanjiru Kamau', 'Xavier Puig',
  'Yara Mansour', 'Zoltán Kovács', 'Amelia Clarke', 'Björn Eriksen', 'Camille Durand', 'Dmitri Volkov',
  'Esther Mensah', 'Felix Baumann', 'Giulia Conti', 'Hana Svobodová', 'Ivan Horvat', 'Julia Kowalska',
  'Kenji Watanabe', 'Lucía Romero', 'Mateo Silva', 'Nadia Benali', 'Oskar Lund', 'Priya Raman',
  'Quentin Moreau', 'Ravi Shankar', 'Sofia Papadaki', 'Tomás Herrera', 'Ursula Weiss', 'Viktor Ionescu',
  'Wei Chen', 'Ximena Torres', 'Yusuf Demir', 'Zara Ahmed', 'Arthur Pereira', 'Bianca Moretti',
  'Connor Murphy', 'Dalia Cohen', 'Emil Sørensen', 'Freya Jensen', 'Gabriel Costa', 'Helena Novak'
]) with ordinality as person (name, place)
cross join lateral (select person.place::int as n) as place;

insert into auth.user_roles (id, user_id, role)
select pg_temp.demo_id(1, row_number() over (order by role.name, n)::int), pg_temp.demo_id(0, n), role.name
from generate_series(1, 60) as n
join (values ('user', 1), ('me', 1), ('manager', 10)) as role (name, every) on n % role.every = 1 % role.every;

insert into auth.user_providers (id, user_id, access_token, provider_id, provider_user_id)
select pg_temp.demo_id(2, n), pg_temp.demo_id(0, n), 'demo', (array['github', 'google', 'gitlab'])[1 + n % 3], (7000 + n)::text
from generate_series(1, 60, 4) as n;

insert into auth.refresh_tokens (id, user_id, expires_at, type, metadata)
select pg_temp.demo_id(3, n), pg_temp.demo_id(0, n), timestamptz '2035-01-01 00:00+00', 'pat', '{"name": "laptop"}'
from generate_series(1, 60, 9) as n;

insert into auth.user_security_keys (id, user_id, credential_id, counter, nickname)
select pg_temp.demo_id(4, n), pg_temp.demo_id(0, n), 'demo-credential-' || n, n, 'Key of the keyring'
from generate_series(1, 60, 12) as n;

insert into public.org (id, name, slug, "createdAt")
values (pg_temp.demo_id(10, 1), 'Northwind Cooperative', 'northwind', '2024-01-08 09:00+00'),
       (pg_temp.demo_id(10, 2), 'Lantern Studio', 'lantern', '2024-02-19 09:00+00'),
       (pg_temp.demo_id(10, 3), 'Harbour Clinic', 'harbour', '2024-04-02 09:00+00'),
       (pg_temp.demo_id(10, 4), 'Fieldstone School', 'fieldstone', '2024-09-01 09:00+00');

-- Everybody belongs to one organisation, every second to the next one as well, every sixth to a third.
insert into public.member (id, "orgId", "userId", name, role, archived, description)
select
  pg_temp.demo_id(11, row_number() over (order by step, n)::int),
  pg_temp.demo_id(10, 1 + (n - 1 + step) % 4),
  users.id,
  split_part(users.display_name, ' ', 1),
  case when step = 0 and n <= 4 then 'owner' when step = 0 and n % 10 = 1 then 'manager'
       when step = 2 then 'guest' else 'member' end::public.member_role,
  n % 23 = 0,
  (array['Product', 'Engineering', 'Design', 'Operations', 'Finance'])[1 + n % 5]
from generate_series(1, 60) as n
cross join generate_series(0, 2) as step
join auth.users on users.id = pg_temp.demo_id(0, n)
where step = 0 or (step = 1 and n % 2 = 1) or (step = 2 and n % 6 = 1);

insert into public.member (id, "orgId", name, role, "inviteEmail", "inviteDate")
select pg_temp.demo_id(11, 900 + n), pg_temp.demo_id(10, n), 'Invited ' || n, 'guest',
       format('invited.%s@example.com', n), timestamptz '2025-05-20 10:00+00'
from generate_series(1, 4) as n;

insert into public.user_app (id, "userId", type, config)
select pg_temp.demo_id(12, 10 * n + app.place::int), pg_temp.demo_id(0, n), app.type,
       jsonb_build_object('enabled', n % 5 <> 0, 'channels', jsonb_build_array('general', 'org-' || 1 + n % 4))
from generate_series(1, 60) as n
cross join unnest(array['calendar', 'chat']) with ordinality as app (type, place)
where n % 2 = 1 or app.type = 'calendar';

insert into public.project (id, org_id, lead_id, name, summary, starts_on, budget)
select
  pg_temp.demo_id(20, n),
  lead."orgId",
  lead.id,
  idea.name,
  format('%s, step by step.', idea.name),
  date '2025-01-06' + 14 * n,
  case when n % 5 <> 0 then 2500.00 * n end
from unnest(array[
  'New website', 'Summer fair', 'Patient records', 'School garden', 'Member handbook', 'Brand refresh',
  'Night shift plan', 'Library catalogue', 'Price review', 'Short film', 'Vaccination week', 'Sports day',
  'Warehouse move', 'Portfolio book', 'Waiting room', 'Parents'' evening'
]) with ordinality as idea (name, place)
cross join lateral (select idea.place::int as n) as place
join public.member as lead on lead.id = pg_temp.demo_id(11, n);

insert into public.task (id, project_id, parent_id, assignee_id, status, title, labels, metadata, estimate, due_on, done_at)
select
  pg_temp.demo_id(21, n),
  project.id,
  case when n > 160 and n % 4 = 0 then pg_temp.demo_id(21, n - 160) end,
  assignee.id,
  status.value,
  format('%s %s', (array['Plan', 'Draft', 'Review', 'Order', 'Test', 'Print', 'Translate', 'Repair', 'Count'])[1 + n % 9],
                  (array['the poster', 'the form', 'the budget', 'the schedule', 'the shelves', 'the letter', 'the map'])[1 + n % 7]),
  (array['urgent', 'paper', 'outdoor', 'waiting', 'small'])[1 + n % 3 : 1 + n % 5],
  jsonb_build_object('priority', 1 + n % 4, 'source', (array['mail', 'meeting', 'phone'])[1 + n % 3]),
  case when n % 11 <> 0 then (n % 8) * 0.5 + 0.25 end,
  case when n % 6 <> 0 then project.starts_on + n % 60 end,
  case when status.value = 'done' then (project.starts_on + n % 71)::timestamp at time zone 'UTC' end
from generate_series(1, 480) as n
join public.project on project.id = pg_temp.demo_id(20, 1 + (n - 1) % 16)
cross join lateral (select (array['backlog', 'planned', 'active', 'done', 'done', 'dropped'])[1 + (n / 3) % 6] as value) as status
left join lateral (
  select member.id from public.member
  where member."orgId" = project.org_id and member."userId" is not null and n % 10 <> 0
  order by member.id offset n % 15 limit 1
) as assignee on true
order by n;

analyze;
