-- insert_tag: insert public.tag
with "~w" as (insert into "public"."tag" as "~t1" ("id", "name") select ("~r"."id")::"pg_catalog"."int2", ("~r"."name")::"pg_catalog"."text"
  from rows
  from (json_to_recordset(($1::text)::"pg_catalog"."json") as ("id" text, "name" text)) with ordinality as "~r"("id", "name", "~o")
  order by "~r"."~o"
  on conflict ("id") do update
  set "name" = excluded."name"
  returning with (old as "~old") "~t1"."id" as "id", "~t1"."name" as "name", true as "~ok") select row_to_json((select "~e"
    from (select (select count(*)
        from "~w") as "affected_rows", (select coalesce(json_agg(row_to_json("~t3")), '[]')
        from (select "~t2"."id" as "id", "~t2"."name" as "name"
          from (select *
            from "~w") as "~t2") as "~t3") as "returning") as "~e")), (select count(*)
  from "~w")

-- $1  rows 0
