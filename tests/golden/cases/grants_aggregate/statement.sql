select (select json_build_object('aggregate', json_build_object('count', "pg_catalog"."count"(*), 'n', "pg_catalog"."count"(distinct ((case when ("~t2"."author_id" = ($1::text)::"pg_catalog"."int4") then "~t2"."views" end), (case when ("~t2"."state" = ($2::text)::"public"."article_state") then "~t2"."title" end))), 'sum', json_build_object('views', "pg_catalog"."sum"((case when ("~t2"."author_id" = ($1::text)::"pg_catalog"."int4") then "~t2"."views" end)))), 'nodes', coalesce(json_agg(row_to_json((select "~e"
            from (select "~t2"."id" as "id", (case when ("~t2"."author_id" = ($1::text)::"pg_catalog"."int4") then "~t2"."views" end) as "views") as "~e"))
        order by "~t2"."~k0") filter (where "~t2"."~n" <= 4), '[]'))
  from (select *, row_number() over () as "~n"
    from (select "~t1"."author_id" as "author_id", "~t1"."views" as "views", "~t1"."state" as "state", "~t1"."title" as "title", "~t1"."id" as "id", "~t1"."id" as "~k0"
      from "public"."article" as "~t1"
      where ("~t1"."state" = ($2::text)::"public"."article_state")
      order by "~t1"."id") as "~t3") as "~t2"), (select coalesce(json_agg(row_to_json((select "~e"
          from (select "~t5"."id" as "id") as "~e"))
      order by "~t5"."~k0" desc, "~t5"."id"), '[]')
  from (select "~t4"."id" as "id", (select "pg_catalog"."sum"((case when ("~t6"."author_id" = ($1::text)::"pg_catalog"."int4") then "~t6"."views" end))
      from "public"."article" as "~t6"
      where "~t6"."author_id" = "~t4"."id" and ("~t6"."state" = ($2::text)::"public"."article_state")) as "~k0"
    from "public"."author" as "~t4"
    where exists (select 1
      from "public"."article" as "~t7"
      where "~t7"."author_id" = "~t4"."id" and (("~t7"."state" = ($2::text)::"public"."article_state") or ("~t7"."author_id" = ($1::text)::"pg_catalog"."int4")) and ((case when ("~t7"."author_id" = ($1::text)::"pg_catalog"."int4") then "~t7"."views" end) > ($3::text)::"pg_catalog"."int8"))
    order by "~k0" desc, "~t4"."id") as "~t5")

-- $1  session x-hasura-author-id
-- $2  literal 'published'
-- $3  literal '0'
