select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."title" as "title", "~t2"."author" as "author") as "~e"))
      order by "~t2"."~k0"), '[]')
  from (select "~t1"."title" as "title", (select row_to_json("~t4")
      from (select "~t3"."name" as "name"
        from "public"."author" as "~t3"
        where "~t3"."id" = "~t1"."author_id" and ("~t3"."is_active" = ($1::text)::"pg_catalog"."bool")
        limit 1) as "~t4") as "author", "~t1"."id" as "~k0"
    from "public"."article" as "~t1"
    where (("~t1"."state" = ($2::text)::"public"."article_state") or exists (select 1
        from "public"."author" as "~t5"
        where "~t5"."id" = "~t1"."author_id" and ("~t5"."id" = ($3::text)::"pg_catalog"."int4")))
    order by "~t1"."id"
    limit 5) as "~t2")

-- $1  literal 'true'
-- $2  literal 'published'
-- $3  session x-hasura-author-id
