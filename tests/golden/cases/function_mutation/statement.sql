-- search_article: read back
select (select coalesce(json_agg(row_to_json("~t2")), '[]')
  from (select "~t1"."id" as "id"
    from "public"."search_article"((null)::"pg_catalog"."text") as "~t1"
    where ("~t1"."state" = ($1::text)::"public"."article_state")
    limit 5) as "~t2"), 0::int8

-- $1  literal 'published'

-- insert_tag_one: insert public.tag
with "~w" as (insert into "public"."tag" as "~t1" ("id", "name") select ("~r"."id")::"pg_catalog"."int2", ("~r"."name")::"pg_catalog"."text"
  from rows
  from (json_to_recordset(($1::text)::"pg_catalog"."json") as ("id" text, "name" text)) with ordinality as "~r"("id", "name", "~o")
  order by "~r"."~o"
  returning "~t1"."id" as "id", true as "~ok") select (select row_to_json("~t3")
  from (select "~t2"."id" as "id"
    from (select *
      from "~w") as "~t2"
    limit 1) as "~t3"), (select count(*)
  from "~w")

-- $1  rows 0

-- found: read back
select (select coalesce(json_agg(row_to_json("~t2")), '[]')
  from (select "~t1"."title" as "title"
    from "public"."search_article"(($1::text)::"pg_catalog"."text") as "~t1"
    where ("~t1"."state" = ($2::text)::"public"."article_state")
    limit least(($3::text)::"pg_catalog"."int8", 5)) as "~t2"), 0::int8

-- $1  literal 'a'
-- $2  literal 'published'
-- $3  literal '1'
