select (select coalesce(json_agg(row_to_json("~t2")
      order by "~t2"."id"), '[]')
  from (select "~t1"."id" as "id", (case when ("~t1"."state" = ($1::text)::"public"."article_state") then "~t1"."title" end) as "title", (case when ("~t1"."author_id" = ($2::text)::"pg_catalog"."int4") then "~t1"."body" end) as "body", (case when ("~t1"."author_id" = ($2::text)::"pg_catalog"."int4") then "~t1"."state" end) as "state"
    from "public"."article" as "~t1"
    where (("~t1"."state" = ($1::text)::"public"."article_state") or ("~t1"."author_id" = ($2::text)::"pg_catalog"."int4"))
    order by "~t1"."id"
    limit 3) as "~t2")

-- $1  literal 'published'
-- $2  session x-hasura-author-id
