select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."id" as "id", "~t2"."title" as "title", "~t2"."views" as "views", "~t2"."author" as "author") as "~e"))
      order by "~t2"."~k0" desc, "~t2"."id"), '[]')
  from (select distinct on ("~k0") "~t1"."id" as "id", (case when ("~t1"."state" = ($1::text)::"public"."article_state") then "~t1"."title" end) as "title", (case when ("~t1"."author_id" = ($2::text)::"pg_catalog"."int4") then "~t1"."views" end) as "views", (select row_to_json("~t4")
      from (select "~t3"."name" as "name"
        from "public"."author" as "~t3"
        where "~t3"."id" = "~t1"."author_id"
        limit 1) as "~t4") as "author", (case when ("~t1"."author_id" = ($2::text)::"pg_catalog"."int4") then "~t1"."rating" end) as "~k0"
    from "public"."article" as "~t1"
    where (("~t1"."state" = ($1::text)::"public"."article_state") or ("~t1"."author_id" = ($2::text)::"pg_catalog"."int4")) and (not ((case when ("~t1"."author_id" = ($2::text)::"pg_catalog"."int4") then "~t1"."views" end) = ($3::text)::"pg_catalog"."int8"))
    order by "~k0" desc, "~t1"."id"
    limit 4) as "~t2")

-- $1  literal 'published'
-- $2  session x-hasura-author-id
-- $3  literal '7'
