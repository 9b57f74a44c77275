select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."name" as "name", "~t2"."articles_aggregate" as "articles_aggregate") as "~e"))
      order by "~t2"."~k0"), '[]')
  from (select "~t1"."name" as "name", (select json_build_object('aggregate', json_build_object('count', "pg_catalog"."count"(*), 'max', json_build_object('rating', "pg_catalog"."max"("~t3"."rating"))))
      from "public"."article" as "~t3"
      where "~t3"."author_id" = "~t1"."id") as "articles_aggregate", "~t1"."id" as "~k0"
    from "public"."author" as "~t1"
    order by "~t1"."id") as "~t2")
