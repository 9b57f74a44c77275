-- update_article: update public.article
with "~w" as (update "public"."article" as "~t1"
  set "body" = ($1::text)::"pg_catalog"."text", "published_at" = (now())
  where ("~t1"."author_id" = ($2::text)::"pg_catalog"."int4") and ("~t1"."state" = ($3::text)::"public"."article_state") and ("~t1"."title" ~~ ($4::text)::"pg_catalog"."text")
  returning "~t1"."id" as "id", "~t1"."author_id" as "author_id", "~t1"."title" as "title", case when coalesce(("~t1"."state" <> ($5::text)::"public"."article_state"), false) then true else ('usher-word:check:0' || coalesce(left(("~t1")::text, 0), ''))::bool end as "~ok", coalesce(("~t1"."state" = ($3::text)::"public"."article_state"), false) as "~v") select null::json, (select count(*)
  from "~w"), (select json_agg(row_to_json("~i"))::text
  from (select ("~x"."id")::text as "id", ("~x"."author_id")::text as "author_id", ("~x"."title")::text as "title", row_number() over () - 1 as "~o", "~v" as "~v"
    from "~w" as "~x") as "~i")

-- $1  literal 'x'
-- $2  session x-hasura-author-id
-- $3  literal 'published'
-- $4  literal 'G%'  (a pattern, tried first)
-- $5  literal 'review'

-- update_article: read back
select row_to_json((select "~e"
    from (select ($1::text)::"pg_catalog"."int8" as "affected_rows", (select coalesce(json_agg(row_to_json("~t2")), '[]')
        from (select "~t1"."title" as "title", (select row_to_json("~t4")
            from (select "~t3"."name" as "name"
              from "public"."author" as "~t3"
              where "~t3"."id" = "~t1"."author_id"
              limit 1) as "~t4") as "author"
          from (select *
            from (select ("~t5"."author_id")::"pg_catalog"."int4" as "author_id", ("~t5"."title")::"pg_catalog"."text" as "title", ("~t5"."state")::"public"."article_state" as "state", "~o", "~v"
              from json_to_recordset(($2::text)::"pg_catalog"."json") as "~t5"("author_id" text, "title" text, "state" text, "~o" int, "~v" bool)) as "~t6"
            where "~v"
            order by "~o") as "~t1") as "~t2") as "returning") as "~e")), 0::int8

-- $1  step -1.0
-- $2  step 0.2

-- update_article: recheck
with "~c" as materialized (select case when coalesce(("~t1"."state" <> ($1::text)::"public"."article_state"), false) then true else ('usher-word:check:0' || coalesce(left(("~t1")::text, 0), ''))::bool end as "~ok"
  from "public"."article" as "~t1" join json_to_recordset(($2::text)::"pg_catalog"."json") as "~t2"("id" text, "~o" int, "~u" bool) on "~t1"."id" = ("~t2"."id")::"pg_catalog"."int4") select null::json, (select count("~ok")
  from "~c")

-- $1  literal 'review'
-- $2  step 0.2
