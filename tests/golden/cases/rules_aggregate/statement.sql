select (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t2"."articles_aggregate" as "articles_aggregate") as "~e"))
      order by "~t2"."~k0"), '[]')
  from (select (select json_build_object('aggregate', json_build_object('count', "pg_catalog"."count"(*)), 'nodes', coalesce(json_agg(row_to_json((select "~e"
                from (select "~t5"."title" as "title") as "~e"))
            order by "~t5"."~k0" desc) filter (where "~t5"."~n" <= 5), '[]'))
      from (select *, row_number() over () as "~n"
        from (select "~t3"."title" as "title", "~t3"."id" as "~k0"
          from "public"."article" as "~t3"
          where "~t3"."author_id" = "~t1"."id" and (("~t3"."state" = ($1::text)::"public"."article_state") or exists (select 1
              from "public"."author" as "~t4"
              where "~t4"."id" = "~t3"."author_id" and ("~t4"."id" = ($2::text)::"pg_catalog"."int4")))
          order by "~t3"."id" desc) as "~t6") as "~t5") as "articles_aggregate", "~t1"."id" as "~k0"
    from "public"."author" as "~t1"
    where ("~t1"."is_active" = ($3::text)::"pg_catalog"."bool")
    order by "~t1"."id"
    limit 3) as "~t2")

-- $1  literal 'published'
-- $2  session x-hasura-author-id
-- $3  literal 'true'
