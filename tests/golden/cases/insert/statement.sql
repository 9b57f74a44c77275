-- insert_article: insert public.article
with "~w" as (insert into "public"."article" as "~t1" ("id", "author_id", "title", "keywords", "meta") select ("~r"."id")::"pg_catalog"."int4", ("~r"."author_id")::"pg_catalog"."int4", ("~r"."title")::"pg_catalog"."text", case when "~r"."~~3" then ('{}'::text[]) else ("~r"."~3")::"pg_catalog"."_text" end, case when "~r"."~~4" then (null)::"pg_catalog"."jsonb" else ("~r"."~4")::"pg_catalog"."jsonb" end
  from rows
  from (json_to_recordset(($1::text)::"pg_catalog"."json") as ("id" text, "author_id" text, "title" text, "~3" text, "~~3" bool, "~4" json, "~~4" bool)) with ordinality as "~r"("id", "author_id", "title", "~3", "~~3", "~4", "~~4", "~o")
  order by "~r"."~o"
  returning "~t1"."id" as "id", "~t1"."title" as "title", "~t1"."state" as "state", "~t1"."keywords" as "keywords", "~t1"."meta" as "meta", true as "~ok") select row_to_json((select "~e"
    from (select (select count(*)
        from "~w") as "affected_rows", (select coalesce(json_agg(row_to_json("~t3")), '[]')
        from (select "~t2"."id" as "id", "~t2"."title" as "title", "~t2"."state" as "state", "~t2"."keywords" as "keywords", "~t2"."meta" as "meta"
          from (select *
            from "~w") as "~t2") as "~t3") as "returning") as "~e")), (select count(*)
  from "~w")

-- $1  rows 0
