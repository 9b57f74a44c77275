select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."name" as "name", "~t2"."articles" as "articles") as "~e"))
      order by "~t2"."~k0"), '[]')
  from (select "~t1"."name" as "name", (select coalesce(json_agg(row_to_json((select "~e"
              from (select "~t4"."title" as "title") as "~e"))
          order by "~t4"."~k0"), '[]')
      from (select "~t3"."title" as "title", "~t3"."id" as "~k0"
        from "public"."article" as "~t3"
        where "~t3"."author_id" = "~t1"."id" and (("~t3"."state" = ($1::text)::"public"."article_state") or exists (select 1
            from "public"."author" as "~t5"
            where "~t5"."id" = "~t3"."author_id" and ("~t5"."id" = ($2::text)::"pg_catalog"."int4")))
        order by "~t3"."id"
        limit least(($3::text)::"pg_catalog"."int8", 5)) as "~t4") as "articles", "~t1"."id" as "~k0"
    from "public"."author" as "~t1"
    where ("~t1"."is_active" = ($4::text)::"pg_catalog"."bool")
    order by "~t1"."id"
    limit least(($5::text)::"pg_catalog"."int8", 3)) as "~t2")

-- $1  literal 'published'
-- $2  session x-hasura-author-id
-- $3  literal '2'
-- $4  literal 'true'
-- $5  literal '10'
