-- insert_tag: insert public.tag
with "~in" as materialized (select "~r"."~o" - 1 as "~o", (("~r"."id")::"pg_catalog"."int2")::"pg_catalog"."int2" as "id", (("~r"."name")::"pg_catalog"."text")::"pg_catalog"."text" as "name"
  from rows
  from (json_to_recordset(($1::text)::"pg_catalog"."json") as ("id" text, "name" text)) with ordinality as "~r"("id", "name", "~o")), "~w" as (insert into "public"."tag" as "~t1" ("id", "name") select "id", "name"
  from "~in"
  order by "~o"
  on conflict ("id") do nothing
  returning "~t1"."id" as "id", "~t1"."name" as "name", true as "~ok"), "~ir" as (select *, row_number() over (partition by "~free"
    order by "~o") as "~rank"
  from (select *, "id" as "~k0", ("id" is null) as "~free"
    from "~in") as "~i"), "~wr" as (select *, row_number() over (partition by "~free"
    order by "~seq") as "~rank"
  from (select "~n".*, row_number() over () as "~seq", "~m".*
    from "~w" as "~n", lateral (select "id" as "~k0", ("id" is null) as "~free" ) as "~m") as "~i") select null::json, (select count(*)
  from "~w"), (select json_agg(row_to_json("~i"))::text
  from (select ("~x"."id")::text as "id", ("~x"."name")::text as "name", "~o" as "~o", "~first" as "~first"
    from (select i."~o", (i."~free" or row_number() over (partition by i."~k0"
          order by i."~o") = 1) as "~first", w.*
      from "~ir" as i join "~wr" as w on i."~k0" = w."~k0"
      where not i."~free" and not w."~free" union all select i."~o", (i."~free" or row_number() over (partition by i."~k0"
          order by i."~o") = 1) as "~first", w.*
      from "~ir" as i join "~wr" as w on i."~rank" = w."~rank"
      where i."~free" and w."~free" and case when (select count(*)
        from "~ir"
        where "~free") = (select count(*)
        from "~wr"
        where "~free") then true else ('usher-word:skipped:0' || coalesce(left((w)::text, 0), ''))::bool end) as "~x") as "~i"), (select json_agg(row_to_json(k))::text
  from (select i."~o" as "~o", (i."~k0")::text as "~k0"
    from "~ir" as i
    where not i."~free" and not exists (select 1
      from "~wr" as w
      where not w."~free" and i."~k0" = w."~k0")) as k)

-- $1  rows 0

-- insert_tag: read back
select null::json, 0::int8, (select json_agg(row_to_json(i))::text
  from (select ("~t1"."id")::text as "id", ("~t1"."name")::text as "name", "~t2"."~o" as "~o", true as "~first"
    from "public"."tag" as "~t1" join json_to_recordset(($1::text)::"pg_catalog"."json") as "~t2"("~k0" text, "~o" int) on "~t1"."id" = ("~t2"."~k0")::"pg_catalog"."int2") as i)

-- $1  step 0.3

-- insert_tag: read back
select row_to_json((select "~e"
    from (select ($1::text)::"pg_catalog"."int8" as "affected_rows", (select coalesce(json_agg(row_to_json("~t2")), '[]')
        from (select "~t1"."id" as "id", "~t1"."name" as "name"
          from (select *
            from (select ("~t3"."id")::"pg_catalog"."int2" as "id", ("~t3"."name")::"pg_catalog"."text" as "name", "~o"
              from json_to_recordset((coalesce((($2::text)::"pg_catalog"."json")::jsonb, '[]') || coalesce((($3::text)::"pg_catalog"."json")::jsonb, '[]'))::json) as "~t3"("id" text, "name" text, "~o" int)) as "~t4"
            order by "~o") as "~t1") as "~t2") as "returning") as "~e")), 0::int8

-- $1  step -1.0
-- $2  step 0.2
-- $3  step 1.2
