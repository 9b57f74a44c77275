-- update_article: update public.article
with "~w" as (update "public"."article" as "~t1"
  set "views" = "~t1"."views" + ($1::text)::"pg_catalog"."int8"
  where (("~t1"."state" = ($2::text)::"public"."article_state") or ("~t1"."author_id" = ($3::text)::"pg_catalog"."int4")) and ("~t1"."author_id" = ($3::text)::"pg_catalog"."int4") and ((case when ("~t1"."author_id" = ($3::text)::"pg_catalog"."int4") then "~t1"."views" end) > ($4::text)::"pg_catalog"."int8")
  returning "~t1"."id" as "id", "~t1"."author_id" as "author_id", "~t1"."title" as "title", "~t1"."state" as "state", "~t1"."views" as "views", true as "~ok", coalesce((("~t1"."state" = ($2::text)::"public"."article_state") or ("~t1"."author_id" = ($3::text)::"pg_catalog"."int4")), false) as "~v") select row_to_json((select "~e"
    from (select (select count(*)
        from "~w") as "affected_rows", (select coalesce(json_agg(row_to_json("~t3")), '[]')
        from (select "~t2"."id" as "id", (case when ("~t2"."state" = ($2::text)::"public"."article_state") then "~t2"."title" end) as "title", (case when ("~t2"."author_id" = ($3::text)::"pg_catalog"."int4") then "~t2"."views" end) as "views"
          from (select *
            from "~w"
            where "~v") as "~t2") as "~t3") as "returning") as "~e")), (select count(*)
  from "~w")

-- $1  literal '1'
-- $2  literal 'published'
-- $3  session x-hasura-author-id
-- $4  literal '0'
