select (select json_build_object('edges', coalesce(json_agg(row_to_json((select "~e"
            from (select "~t1"."~c" as "cursor", row_to_json((select "~e"
                  from (select "~t1"."id" as "id", "~t1"."name" as "name", (select json_build_object('edges', coalesce(json_agg(row_to_json((select "~e"
                                from (select row_to_json((select "~e"
                                      from (select "~t2"."title" as "title") as "~e")) as "node") as "~e"))
                            order by "~t2"."~n") filter (where "~t2"."~n" <= ($1::text)::"pg_catalog"."int8"), '[]'), 'pageInfo', json_build_object('hasNextPage', ((count(*) > ($1::text)::"pg_catalog"."int8"))))
                      from (select "~t3".*, row_number() over () as "~n"
                        from (select "~t4"."title" as "title", "~t4"."id" as "~k0"
                          from "public"."article" as "~t4"
                          where "~t4"."author_id" = "~t1"."id"
                          order by "~t4"."id"
                          limit ($1::text)::"pg_catalog"."int8" + 1) as "~t3") as "~t2" having true) as "articles_connection") as "~e")) as "node") as "~e"))
        order by "~t1"."~n") filter (where "~t1"."~n" <= ($2::text)::"pg_catalog"."int8"), '[]'), 'pageInfo', json_build_object('hasNextPage', ((count(*) > ($2::text)::"pg_catalog"."int8")), 'hasPreviousPage', (exists (select 1
          from "public"."author" as "~t5"
          where ("~t5"."id" <= ($3::text)::"pg_catalog"."int4"))), 'endCursor', coalesce((array_agg("~t1"."~c"
            order by "~t1"."~n" desc) filter (where "~t1"."~n" <= ($2::text)::"pg_catalog"."int8"))[1], '')))
  from (select "~t6".*, row_number() over () as "~n", translate(encode(convert_to((json_build_object('id', "~t6"."~k0"))::text, 'UTF8'), 'base64'), E'\n', '') as "~c"
    from (select "~t7"."id" as "id", "~t7"."name" as "name", "~t7"."id" as "~k0"
      from "public"."author" as "~t7"
      where ("~t7"."id" > ($3::text)::"pg_catalog"."int4")
      order by "~t7"."id"
      limit ($2::text)::"pg_catalog"."int8" + 1) as "~t6") as "~t1" having true)

-- $1  literal '1'
-- $2  literal '2'
-- $3  variable after
