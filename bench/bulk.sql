-- The rows of workload g as one who writes SQL by hand would send them.
insert into readings (number, label, taken_at, device, payload)
select * from unnest($1::integer[], $2::text[], $3::timestamptz[], $4::uuid[], $5::jsonb[])
