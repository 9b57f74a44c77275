-- insert_article_one: insert public.article
with "~w" as (insert into "public"."article" as "~t1" ("id", "author_id", "title") select ("~r"."id")::"pg_catalog"."int4", ("~r"."author_id")::"pg_catalog"."int4", ("~r"."title")::"pg_catalog"."text"
  from rows
  from (json_to_recordset(($1::text)::"pg_catalog"."json") as ("id" text, "author_id" text, "title" text)) with ordinality as "~r"("id", "author_id", "title", "~o")
  order by "~r"."~o"
  returning "~t1"."author_id" as "author_id", "~t1"."title" as "title", true as "~ok") select null::json, (select count(*)
  from "~w"), (select json_agg(row_to_json("~i"))::text
  from (select ("~x"."author_id")::text as "author_id", ("~x"."title")::text as "title", row_number() over () - 1 as "~o"
    from "~w" as "~x") as "~i")

-- $1  rows 0

-- insert_article_one: read back
select (select row_to_json("~t6")
  from (select "~t1"."title" as "title", (select row_to_json("~t5")
      from (select "~t2"."name" as "name", (select coalesce(json_agg(row_to_json("~t4")
              order by "~t4"."id"), '[]')
          from (select "~t3"."id" as "id"
            from "public"."article" as "~t3"
            where "~t3"."author_id" = "~t2"."id"
            order by "~t3"."id") as "~t4") as "articles"
        from "public"."author" as "~t2"
        where "~t2"."id" = "~t1"."author_id"
        limit 1) as "~t5") as "author"
    from (select *
      from (select ("~t7"."author_id")::"pg_catalog"."int4" as "author_id", ("~t7"."title")::"pg_catalog"."text" as "title", "~o"
        from json_to_recordset(($1::text)::"pg_catalog"."json") as "~t7"("author_id" text, "title" text, "~o" int)) as "~t8"
      order by "~o") as "~t1"
    limit 1) as "~t6"), 0::int8

-- $1  step 0.2
