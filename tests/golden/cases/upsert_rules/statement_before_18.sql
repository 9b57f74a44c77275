-- insert_article: insert public.article
with "~w" as (insert into "public"."article" as "~t1" ("id", "title", "state", "author_id", "views") select ("~r"."id")::"pg_catalog"."int4", ("~r"."title")::"pg_catalog"."text", case when "~r"."~~2" then ('draft'::public.article_state) else ("~r"."~2")::"public"."article_state" end, ($1::text)::"pg_catalog"."int4", ($2::text)::"pg_catalog"."int8"
  from rows
  from (json_to_recordset(($3::text)::"pg_catalog"."json") as ("id" text, "title" text, "~2" text, "~~2" bool)) with ordinality as "~r"("id", "title", "~2", "~~2", "~o")
  order by "~r"."~o"
  on conflict ("id") do update
  set "title" = excluded."title", "published_at" = (now())
  where ("~t1"."author_id" = ($1::text)::"pg_catalog"."int4")
  returning "~t1"."id" as "id", "~t1"."title" as "title", case when ("~t1".xmax = 0) then case when coalesce(exists (select 1
      from "public"."author" as "~t2"
      where "~t2"."id" = "~t1"."author_id" and ("~t2"."is_active" = ($4::text)::"pg_catalog"."bool")), false) then true else ('usher-word:check:0' || coalesce(left(("~t1")::text, 0), ''))::bool end else case when coalesce(("~t1"."state" <> ($5::text)::"public"."article_state"), false) then true else ('usher-word:check:1' || coalesce(left(("~t1")::text, 0), ''))::bool end end as "~ok", coalesce(("~t1"."state" = ($6::text)::"public"."article_state"), false) as "~v") select row_to_json((select "~e"
    from (select (select count(*)
        from "~w") as "affected_rows", (select coalesce(json_agg(row_to_json("~t4")), '[]')
        from (select "~t3"."id" as "id", "~t3"."title" as "title"
          from (select *
            from "~w"
            where "~v") as "~t3") as "~t4") as "returning") as "~e")), (select count(*)
  from "~w")

-- $1  session x-hasura-author-id
-- $2  literal '1'
-- $3  rows 0
-- $4  literal 'true'
-- $5  literal 'review'
-- $6  literal 'published'
