-- insert_tag_one: insert public.tag
with "~w" as (insert into "public"."tag" as "~t1" ("id", "name") select ("~r"."id")::"pg_catalog"."int2", ("~r"."name")::"pg_catalog"."text"
  from rows
  from (json_to_recordset(($1::text)::"pg_catalog"."json") as ("id" text, "name" text)) with ordinality as "~r"("id", "name", "~o")
  order by "~r"."~o"
  returning "~t1"."id" as "id", "~t1"."name" as "name", true as "~ok") select (select row_to_json("~t3")
  from (select "~t2"."id" as "id", "~t2"."name" as "called"
    from (select *
      from "~w") as "~t2"
    limit 1) as "~t3"), (select count(*)
  from "~w")

-- $1  rows 0
