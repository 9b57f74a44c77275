select (select json_build_object('aggregate', json_build_object('count', "pg_catalog"."count"(*), 'sum', json_build_object('views', "pg_catalog"."sum"("~t2"."views"))), 'nodes', coalesce(json_agg(row_to_json((select "~e"
            from (select "~t2"."title" as "title", (select row_to_json("~t5")
                from (select "~t4"."name" as "name"
                  from "public"."author" as "~t4"
                  where "~t4"."id" = "~t2"."author_id"
                  limit 1) as "~t5") as "author") as "~e"))
        order by "~t2"."~k0" desc), '[]'))
  from (select "~t1"."views" as "views", "~t1"."title" as "title", "~t1"."author_id" as "author_id", "~t1"."views" as "~k0"
    from "public"."article" as "~t1"
    order by "~t1"."views" desc
    limit ($1::text)::"pg_catalog"."int8") as "~t2")

-- $1  literal '3'
