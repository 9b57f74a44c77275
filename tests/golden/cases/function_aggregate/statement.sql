select (select json_build_object('aggregate', json_build_object('count', "pg_catalog"."count"(*), 'max', json_build_object('rating', "pg_catalog"."max"("~t2"."rating"))), 'nodes', coalesce(json_agg(row_to_json((select "~e"
            from (select "~t2"."id" as "id") as "~e"))
        order by "~t2"."~k0" desc) filter (where "~t2"."~n" <= 5), '[]'))
  from (select *, row_number() over () as "~n"
    from (select "~t1"."rating" as "rating", "~t1"."id" as "id", "~t1"."id" as "~k0"
      from "public"."search_article"(($1::text)::"pg_catalog"."text") as "~t1"
      where ("~t1"."state" = ($2::text)::"public"."article_state")
      order by "~t1"."id" desc
      limit ($3::text)::"pg_catalog"."int8") as "~t3") as "~t2")

-- $1  variable s
-- $2  literal 'published'
-- $3  literal '3'
