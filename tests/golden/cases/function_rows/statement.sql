select (select coalesce(json_agg(row_to_json("~t2")
      order by "~t2"."id"), '[]')
  from (select "~t1"."id" as "id", "~t1"."title" as "title", (select row_to_json("~t4")
      from (select "~t3"."name" as "name"
        from "public"."author" as "~t3"
        where "~t3"."id" = "~t1"."author_id" and ("~t3"."is_active" = ($1::text)::"pg_catalog"."bool")
        limit 1) as "~t4") as "author"
    from "public"."search_article"(($2::text)::"pg_catalog"."text") as "~t1"
    where ("~t1"."state" = ($3::text)::"public"."article_state") and ("~t1"."rating" > ($4::text)::"pg_catalog"."numeric")
    order by "~t1"."id"
    limit least(($5::text)::"pg_catalog"."int8", 5)) as "~t2")

-- $1  literal 'true'
-- $2  literal 'a'
-- $3  literal 'published'
-- $4  literal '1'
-- $5  literal '2'
